-- Takes a device from a session, if it is the one that holds it.
--
-- KEYS[1]  hash     conn: device id → JSON of gateway_id, session_id, since, expires_at (both ms since 1970)
-- KEYS[2]  string   seen: when the user was last seen, ms since 1970
-- ARGV[1]  string   device id
-- ARGV[2]  string   session id
-- ARGV[3]  integer  ms that it is remembered when the user was last seen
-- Returns  integer: 1 where the user is online nowhere any more because of it, else 0

local conn, seen = KEYS[1], KEYS[2]

local value = redis.call('HGET', conn, ARGV[1])
if not value then return 0 end
local held = cjson.decode(value)
if held.session_id ~= ARGV[2] then return 0 end
redis.call('HDEL', conn, ARGV[1])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- The user left when the route lapsed, and not now.
if held.expires_at <= now then return 0 end
redis.call('SET', seen, string.format('%.0f', now), 'PX', ARGV[3])

for _, other in ipairs(redis.call('HVALS', conn)) do
  if cjson.decode(other).expires_at > now then return 0 end
end
return 1
