
--reconcile:no-transaction  
VACUUM;
