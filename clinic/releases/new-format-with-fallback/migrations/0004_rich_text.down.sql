-- The column stays for the next way forward: the release before does not know it, and reads its own.
SELECT 1;
