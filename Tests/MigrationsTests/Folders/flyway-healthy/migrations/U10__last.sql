SELECT 'undo';
