-- one row: the currency the firm reports in
select $base_currency as currency
