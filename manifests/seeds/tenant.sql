-- What a studio's time is spent on.
INSERT INTO public.task_types (name, color, hourly_rate, billable, sort_order)
VALUES
    ('Recording', '#d1495b', 60, true, 1),
    ('Editing', '#edae49', 45, true, 2),
    ('Mixing', '#00798c', 55, true, 3),
    ('Mastering', '#30638e', 70, true, 4),
    ('Administration', '#808080', NULL, false, 5)
ON CONFLICT (name) DO NOTHING;

-- What it can put on a quote without typing.
INSERT INTO public.service_catalog (code, name, unit_price, unit)
VALUES
    ('REC-DAY', 'Recording day with engineer', 480, 'day'),
    ('MIX-TRACK', 'Mix of one track', 250, 'track'),
    ('MASTER-TRACK', 'Master of one track', 90, 'track')
ON CONFLICT (code) DO NOTHING;

INSERT INTO public.settings (key, value)
VALUES
    ('invoice.prefix', '"INV"'),
    ('invoice.tax_rate', '20'),
    ('calendar.opening_hours', '{"from": "09:00", "to": "22:00"}')
ON CONFLICT (key) DO NOTHING;
