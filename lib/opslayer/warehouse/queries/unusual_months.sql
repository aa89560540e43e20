-- account months out of the ordinary, as last looked at; key: month, account_code; most unusual first
select
    as_of, month, account_code, account_name, amount_base, expected, lower, upper, score, reasons, model,
    model_version
from intelligence.unusual_account_month
where as_of = (select max(as_of) from intelligence.unusual_account_month)
order by score desc, month, account_code
