--! keys: episode, workers, leases, leased, heartbeats
--! lib: base
-- A worker reports, and renews the lease of the task it makes progress on.
-- ARGV: episode, worker, task id ('' for none), token. Returns stale | unknown (register again) | fenced | ok
if not is_current(ARGV[1]) then return 'stale' end
if redis.call('HEXISTS', workers, ARGV[2]) == 0 then return 'unknown' end
local at_us = now_us()
redis.call('ZADD', heartbeats, text(at_us), ARGV[2])
if ARGV[3] == '' then return 'ok' end
local record = redis.call('HGET', leased, ARGV[3])
if not record or string.match(record, '^%d+') ~= ARGV[4] then return 'fenced' end
redis.call('ZADD', leases, text(at_us + redis.call('HGET', episode, 'lease_us')), ARGV[3])
return 'ok'
