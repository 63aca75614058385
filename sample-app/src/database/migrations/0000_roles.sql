-- Roles belong to the whole server: another database of it, or who administers it, may have made them already.
do $$
declare
  name text;
begin
  foreach name in array array['desk_application', 'desk_relay'] loop
    begin
      execute format('create role %I', name);
      execute format('grant %I to %I', name, current_user);
    exception when duplicate_object or unique_violation then
      null;
    end;
  end loop;
end $$;
