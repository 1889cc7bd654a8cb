--! keys: episode, input_queue, worker_queue, worker_queue:enqueued_total, result_queue, output_queue, leased, dead, heartbeats
--! lib: base
-- All facts of one instant, and the controller's claim on the farm renewed.
-- ARGV: episode, controller, controller ttl us, output records already read, most to read now.
-- Returns {gone ID} | {taken OWNER} | {ok, now_us, started_us, failed, renewed, input, worker, enqueued, result, output,
--          dead, output records, {worker, heartbeat_us...}, {task id, lease...}}
if not is_current(ARGV[1]) then return {'gone', redis.call('HGET', episode, 'id') or ''} end
local owner = redis.call('HGET', episode, 'controller')
if owner ~= ARGV[2] then return {'taken', owner} end
local at_us = now_us()
local renewal = redis.pcall('HSET', episode, 'controller_until_us', text(at_us + ARGV[3]))
local renewed = type(renewal) == 'table' and renewal.err or ''
local first, most = tonumber(ARGV[4]), tonumber(ARGV[5])
return {
  'ok', text(at_us), redis.call('HGET', episode, 'started_us'), redis.call('HGET', episode, 'failed'), renewed,
  redis.call('LLEN', input_queue), redis.call('LLEN', worker_queue),
  tonumber(redis.call('GET', enqueued_total) or '0'), redis.call('LLEN', result_queue),
  redis.call('LLEN', output_queue), redis.call('LLEN', dead),
  redis.call('LRANGE', output_queue, first, first + most - 1),
  redis.call('ZRANGE', heartbeats, 0, -1, 'WITHSCORES'),
  redis.call('HGETALL', leased),
}
