-- Gives a device to a session, or keeps it with the session that has it, unless a newer session holds the device or
-- the user is online on as many devices as allowed. The same call again changes nothing but the times.
--
-- KEYS[1]  hash     conn: device id → JSON of gateway_id, session_id, since, expires_at (both ms since 1970)
-- KEYS[2]  string   seen: when the user was last seen, ms since 1970
-- ARGV[1]  string   device id
-- ARGV[2]  string   gateway id
-- ARGV[3]  string   session id
-- ARGV[4]  integer  ms until the route lapses
-- ARGV[5]  integer  ms that it is remembered when the user was last seen
-- ARGV[6]  integer  devices that a user may have; 0 for any number
-- Returns  array: outcome (string: registered, superseded or full); came (1 where nobody of the user was online before,
--          else 0); gateway id and session id of the session that was replaced (strings; empty where there was none)

local conn, seen = KEYS[1], KEYS[2]
local device, gateway, session = ARGV[1], ARGV[2], ARGV[3]
local ttl, devices_max = tonumber(ARGV[4]), tonumber(ARGV[6])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Lua's own comparison goes by the language that the server runs in.
local function is_greater(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = a:byte(i), b:byte(i)
    if x ~= y then return x > y end
  end
  return #a > #b
end

local held
local devices = 0
local fields = redis.call('HGETALL', conn)
for i = 1, #fields, 2 do
  local route = cjson.decode(fields[i + 1])
  if route.expires_at <= now then
    redis.call('HDEL', conn, fields[i])
  else
    devices = devices + 1
    if fields[i] == device then held = route end
  end
end

if held and is_greater(held.session_id, session) then return { 'superseded', 0, '', '' } end
if not held and devices_max > 0 and devices >= devices_max then return { 'full', 0, '', '' } end

local same = held and held.session_id == session
redis.call('HSET', conn, device, cjson.encode({
  gateway_id = gateway,
  session_id = session,
  since = same and held.since or now,
  expires_at = now + ttl,
}))
redis.call('PEXPIRE', conn, ttl)
redis.call('SET', seen, string.format('%.0f', now), 'PX', ARGV[5])

local came = devices == 0 and 1 or 0
if held and not same then return { 'registered', came, held.gateway_id, held.session_id } end
return { 'registered', came, '', '' }
