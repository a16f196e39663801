-- The plans a customer can sign up for. Prices in euros, per month and per year.
INSERT INTO public.subscription_plans (code, name, price_monthly, price_yearly, max_users, max_storage_gb, features)
VALUES
    ('free', 'Free', 0, 0, 1, 2, '{calendar,invoices}'),
    ('studio', 'Studio', 29, 290, 5, 100, '{calendar,invoices,quotes,file_sharing}'),
    ('label', 'Label', 99, 990, 25, 1000, '{calendar,invoices,quotes,file_sharing,contracts,ai}')
ON CONFLICT (code) DO NOTHING;
