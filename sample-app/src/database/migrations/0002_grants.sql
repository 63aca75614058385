-- For the owner too: a policy that holds for everybody but whoever migrates is tested by nobody.
alter table desk.orders force row level security;--> statement-breakpoint
alter table desk.receipts force row level security;--> statement-breakpoint
alter table desk.ledger force row level security;--> statement-breakpoint
alter table desk.audit force row level security;--> statement-breakpoint
alter table desk.outbox force row level security;--> statement-breakpoint
grant usage on schema desk to desk_application, desk_relay;--> statement-breakpoint
grant select, insert, update (status) on desk.orders to desk_application;--> statement-breakpoint
-- What is written there stays as it was written.
grant select, insert on desk.receipts, desk.ledger, desk.audit to desk_application;--> statement-breakpoint
grant select, insert, delete on desk.outbox to desk_application;--> statement-breakpoint
grant select (number, order_id, carrier, sent_at), update (sent_at) on desk.outbox to desk_relay;
