-- How text becomes a value, the same in every staging model; null where it cannot be one without a guess.

-- ISO, with or without a time; day and month with slashes only where one of them is above 12
create or replace macro as_date(word) as coalesce(
    try_cast(word as date),
    try_cast(left(word, 10) as date),
    case
        when not regexp_full_match(word, '\d{1,2}/\d{1,2}/\d{4}') then null
        when try_cast(split_part(word, '/', 1) as integer) > 12 then try_cast(try_strptime(word, '%d/%m/%Y') as date)
        when try_cast(split_part(word, '/', 2) as integer) > 12 then try_cast(try_strptime(word, '%m/%d/%Y') as date)
        when split_part(word, '/', 1) = split_part(word, '/', 2) then try_cast(try_strptime(word, '%d/%m/%Y') as date)
    end
);

-- a stamp without a zone is UTC, as connectors write it
create or replace macro as_timestamp(word) as try_cast(
    case
        when regexp_full_match(word, '.*(Z|[+-]\d{2}(:?\d{2})?)') and length(word) > 10 then word
        else replace(word, ' UTC', '') || '+00'
    end as timestamptz
);

-- thousands by comma are taken off; a number too large, or no number, is null
create or replace macro as_number(word) as
    case when regexp_full_match(word, '-?\d{1,3}(,\d{3})+(\.\d+)?') then replace(word, ',', '') else word end;
create or replace macro as_money(word) as try_cast(as_number(word) as decimal(18, 2));
create or replace macro as_quantity(word) as try_cast(as_number(word) as decimal(18, 4));
create or replace macro as_rate(word) as try_cast(as_number(word) as decimal(18, 10));
create or replace macro as_boolean(word) as try_cast(lower(word) as boolean);

-- the name of a column whose text could not be typed
create or replace macro uncast(name, word, value) as case when word is not null and value is null then name end;

-- words as two systems may write them alike: small letters and digits of the Latin alphabet, one blank between words
create or replace macro as_plain(word) as
    nullif(trim(regexp_replace(lower(strip_accents(word)), '[^a-z0-9]+', ' ', 'g')), '');
-- a firm's name without its legal form, however that is dotted or spaced
create or replace macro as_firm_name(word) as coalesce(
    nullif(
        trim(
            regexp_replace(
                as_plain(replace(word, '.', '')),
                '\b(the|incorporated|inc|llc|llp|ltd|limited|plc|corp|corporation|company|co|gmbh|mbh|ag|kg|kgaa|ug|ohg|ev'
                || '|sa|sas|sarl|srl|spa|bv|nv|ab|as|aps|oy|oyj|dac|teo|pty|pte|sp zoo|sl|slu|lda)\b',
                '', 'g'
            ),
            ' '
        ),
        ''
    ),
    as_plain(word)
);
-- the domain of a web or mail address; null for those where anybody has a mailbox
create or replace macro as_domain(word) as nullif(
    regexp_extract(lower(trim(word)), '^(?:[a-z]+://)?(?:[^@/]*@)?(?:www\.)?([a-z0-9][a-z0-9.-]*\.[a-z]{2,})(?:[:/?#].*)?$', 1),
    ''
);

-- a phone number as E.164 has it: +, calling code, number; null for what cannot be dialled from everywhere
-- one without a country is of the calling code given: its trunk 0 falls away, but not in Italy; North America has none
create or replace macro phone_digits(word) as
    regexp_replace(regexp_replace(replace(trim(word), '(0)', ''), '^00', '+'), '[^0-9+]', '', 'g');
create or replace macro as_phone(word, calling_code) as nullif(
    regexp_extract(
        case
            when phone_digits(word) like '+%' then phone_digits(word)
            when calling_code = '39' and phone_digits(word) like '0%' then '+39' || phone_digits(word)
            when phone_digits(word) like '0%' then '+' || calling_code || substr(phone_digits(word), 2)
            when calling_code = '1' and length(phone_digits(word)) = 10 then '+1' || phone_digits(word)
            when calling_code = '1' and length(phone_digits(word)) = 11 then '+' || phone_digits(word)
        end,
        '^\+[1-9][0-9]{6,14}$'
    ),
    ''
);
