-- appointments that were not held on the day they were for; key: subject, the appointment and its day
-- it was cancelled, or nobody came; what was moved to another day is no loss, and is not named
-- reads core.appointment
select concat_ws(' ', appointment_id, starts_on) as subject
from core.appointment
where status in ('cancelled', 'no_show')
