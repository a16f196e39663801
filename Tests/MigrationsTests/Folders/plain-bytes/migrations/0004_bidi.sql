SELECT 'ü‮';
-- ؜
