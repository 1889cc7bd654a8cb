--! keys: episode, worker_queue, wake, idle, fence, leases, leased, holding, claims, deliveries, settled, result_queue, result_wake, dead, heartbeats, history
--! lib: base, wake, settle, lease, take
-- The oldest task, leased to this worker. ARGV: episode, worker, number of this worker's claim.
-- Returns {stale} | {empty} | {ok, task id, token, task JSON}
if not is_current(ARGV[1]) then return {'stale'} end
local task = take(now_us(), ARGV[2], ARGV[3])
if #task == 0 then return {'empty'} end
return {'ok', unpack(task)}
