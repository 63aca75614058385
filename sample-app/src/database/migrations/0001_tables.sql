CREATE SCHEMA "desk";
--> statement-breakpoint
CREATE TABLE "desk"."audit" (
	"number" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "desk"."audit_number_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"tenant" text DEFAULT nullif(current_setting('app.tenant', true), '') NOT NULL,
	"user" text NOT NULL,
	"role" text NOT NULL,
	"request_id" text NOT NULL,
	"correlation_id" text NOT NULL,
	"action" text NOT NULL,
	"subject" text NOT NULL,
	"outcome" text NOT NULL,
	"reason" text,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "desk"."audit" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "desk"."ledger" (
	"order_id" text PRIMARY KEY NOT NULL,
	"tenant" text DEFAULT nullif(current_setting('app.tenant', true), '') NOT NULL,
	"quantity" integer NOT NULL,
	"role" text NOT NULL,
	"written_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "desk"."ledger" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "desk"."orders" (
	"number" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "desk"."orders_number_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"id" text GENERATED ALWAYS AS ('order-' || number::text) STORED NOT NULL,
	"tenant" text DEFAULT nullif(current_setting('app.tenant', true), '') NOT NULL,
	"item" text NOT NULL,
	"quantity" integer NOT NULL,
	"placed_by" text NOT NULL,
	"request_id" text NOT NULL,
	"status" text DEFAULT 'placed' NOT NULL,
	"placed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "orders_of_a_tenant" UNIQUE("tenant","id")
);
--> statement-breakpoint
ALTER TABLE "desk"."orders" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "desk"."outbox" (
	"number" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "desk"."outbox_number_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"order_id" text NOT NULL,
	"tenant" text DEFAULT nullif(current_setting('app.tenant', true), '') NOT NULL,
	"carrier" jsonb NOT NULL,
	"sent_at" timestamp with time zone,
	CONSTRAINT "outbox_order_id_unique" UNIQUE("order_id")
);
--> statement-breakpoint
ALTER TABLE "desk"."outbox" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
CREATE TABLE "desk"."receipts" (
	"order_id" text PRIMARY KEY NOT NULL,
	"tenant" text DEFAULT nullif(current_setting('app.tenant', true), '') NOT NULL,
	"user" text NOT NULL,
	"role" text NOT NULL,
	"request_id" text NOT NULL,
	"text" text NOT NULL,
	"written_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
ALTER TABLE "desk"."receipts" ENABLE ROW LEVEL SECURITY;--> statement-breakpoint
ALTER TABLE "desk"."ledger" ADD CONSTRAINT "entry_of_an_order" FOREIGN KEY ("tenant","order_id") REFERENCES "desk"."orders"("tenant","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "desk"."outbox" ADD CONSTRAINT "receipt_to_be_written" FOREIGN KEY ("tenant","order_id") REFERENCES "desk"."orders"("tenant","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "desk"."receipts" ADD CONSTRAINT "receipt_of_an_order" FOREIGN KEY ("tenant","order_id") REFERENCES "desk"."orders"("tenant","id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "audit_by_number" ON "desk"."audit" USING btree ("tenant","number");--> statement-breakpoint
CREATE INDEX "orders_by_number" ON "desk"."orders" USING btree ("tenant","number");--> statement-breakpoint
CREATE INDEX "outbox_unsent" ON "desk"."outbox" USING btree ("number") WHERE sent_at is null;--> statement-breakpoint
CREATE POLICY "own rows only" ON "desk"."audit" AS PERMISSIVE FOR ALL TO "desk_application" USING (tenant = nullif(current_setting('app.tenant', true), '')) WITH CHECK (tenant = nullif(current_setting('app.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "own rows only" ON "desk"."ledger" AS PERMISSIVE FOR ALL TO "desk_application" USING (tenant = nullif(current_setting('app.tenant', true), '')) WITH CHECK (tenant = nullif(current_setting('app.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "own rows only" ON "desk"."orders" AS PERMISSIVE FOR ALL TO "desk_application" USING (tenant = nullif(current_setting('app.tenant', true), '')) WITH CHECK (tenant = nullif(current_setting('app.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "own rows only" ON "desk"."outbox" AS PERMISSIVE FOR ALL TO "desk_application" USING (tenant = nullif(current_setting('app.tenant', true), '')) WITH CHECK (tenant = nullif(current_setting('app.tenant', true), ''));--> statement-breakpoint
CREATE POLICY "sent for all tenants" ON "desk"."outbox" AS PERMISSIVE FOR ALL TO "desk_relay" USING (true) WITH CHECK (true);--> statement-breakpoint
CREATE POLICY "own rows only" ON "desk"."receipts" AS PERMISSIVE FOR ALL TO "desk_application" USING (tenant = nullif(current_setting('app.tenant', true), '')) WITH CHECK (tenant = nullif(current_setting('app.tenant', true), ''));