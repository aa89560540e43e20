-- clients named as gone silent against their own rhythm; key: party_id; money in the base currency
-- reads intelligence.client_silence
select * from intelligence.client_silence
where as_of = (select max(as_of) from intelligence.client_silence) and is_named
order by chance, party_id
