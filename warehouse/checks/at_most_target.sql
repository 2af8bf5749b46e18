-- A run never holds more accepted samples than it was ever asked for.
select * from ledger where accepted > target;
