-- Every opened slot is in exactly one state.
select * from ledger where planned <> accepted + surplus + rejected + duplicate + failed + pending or pending < 0;
