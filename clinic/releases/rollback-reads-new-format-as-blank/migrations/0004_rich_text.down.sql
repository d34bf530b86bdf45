-- The column stays, so that nothing is lost until we come forward again.
SELECT 1;
