-- Messages that the gateway would not take: somebody is to look at them.
ALTER TABLE outbox ADD COLUMN parked text;
