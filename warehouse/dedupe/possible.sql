-- possible: proposed pairs, from the variable first on and before until, that can reach the threshold. Two sets share at most as many
-- n-grams as their bits share, and as many more as fell on a taken bit in the smaller case: that bound spares nearly all pairs the
-- comparison of lists.
insert into possible
select p.one, p.other from proposed p join sides x on x.number = p.one join sides y on y.number = p.other
where p.rowid >= getvariable('first') and p.rowid < getvariable('until') and (100 + getvariable('near_percent')) * (
  bit_count(x.bits & y.bits) + least(x.size - bit_count(x.bits), y.size - bit_count(y.bits))
) >= getvariable('near_percent') * (x.size + y.size);
