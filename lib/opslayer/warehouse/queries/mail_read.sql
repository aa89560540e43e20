-- one row: how many mails have landed
-- reads core.message
select count(*) as mails from core.message
