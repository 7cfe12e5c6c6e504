/*-------------------------------------------------------------------------
 *
 * cacheops_script.c
 *	  The script that deletes the sets which django-cacheops keeps for rows.
 *
 * Only a script can do it: what null is written as, and how numbers are
 * rounded, is what this Redis' Lua makes of them, since cacheops names its sets
 * by a script, too.  Fields keep the order in which the scheme has them.
 *
 *-------------------------------------------------------------------------
 */
#include "redis/cacheops_script.h"

const char	cacheops_script[] =
"local room = tonumber(ARGV[#ARGV])\n"
"local null = tostring(cjson.null)\n"
"local schemes, seen, globs, looked = {}, {}, {}, 0\n"

/* a set of fields that is no set was not made by cacheops */
"local function schemes_of(name)\n"
"  if not schemes[name] then\n"
"    local reply = redis.pcall('SMEMBERS', name)\n"
"    if reply.err and string.sub(reply.err, 1, 9) == 'WRONGTYPE' then reply = {} end\n"
"    schemes[name] = reply\n"
"  end\n"
"  return schemes[name]\n"
"end\n"

/* most sets are not there: that is asked for many of them at a time */
"local function exist(sets)\n"
"  for first = 1, #sets, 500 do\n"
"    local reply = redis.pcall('EXISTS', unpack(sets, first, math.min(first + 499, #sets)))\n"
"    if reply ~= 0 then return reply end\n"
"  end\n"
"  return 0\n"
"end\n"

/* members leave the set only after they were deleted, as with tags */
"local function delete(set)\n"
"  local members = redis.pcall('SRANDMEMBER', set, room)\n"
"  local reply = 0\n"
"  if members.err then\n"
"    if string.sub(members.err, 1, 9) ~= 'WRONGTYPE' then return members end\n"
"    reply = redis.pcall('UNLINK', set)\n"
"  elseif #members > 0 then\n"
"    reply = redis.pcall('UNLINK', unpack(members))\n"
"    if type(reply) == 'number' then reply = redis.pcall('SREM', set, unpack(members)) end\n"
"  end\n"
"  if type(reply) ~= 'number' then return reply end\n"
"  if #members == room then return 'full' end\n"
"  room = room - #members\n"
"end\n"

/* nil: nobody knows, or too many */
"local function names(stem, scheme, fields)\n"
"  local list, nulls, joint = {stem}, stem, ''\n"
"  for field in string.gmatch(scheme, '[^,]+') do\n"
"    local values, longer = fields[field], {}\n"
"    if values == nil then return nil end\n"
"    if type(values) ~= 'table' then values = {values} end\n"
"    if #list * #values > " CACHEOPS_SCRIPT_MAX_NAMES " then return nil end\n"
"    for _, head in ipairs(list) do\n"
"      for _, value in ipairs(values) do\n"
"        longer[#longer + 1] = head .. joint .. field .. '=' .. tostring(value)\n"
"      end\n"
"    end\n"
"    nulls = nulls .. joint .. field .. '=' .. null\n"
"    list, joint = longer, '&'\n"
"  end\n"
"  list[#list + 1] = nulls\n"
"  return list\n"
"end\n"

"local function escape(text)\n"
"  return (string.gsub(text, '[%*%?%[%]\\\\]', '\\\\%0'))\n"
"end\n"
"local function glob(stem, scheme)\n"
"  local parts = {}\n"
"  for field in string.gmatch(scheme, '[^,]+') do parts[#parts + 1] = escape(field) .. '=*' end\n"
"  return escape(stem) .. table.concat(parts, '&')\n"
"end\n"

"local function answer(count)\n"
"  local reply = {count}\n"
"  for pattern in pairs(globs) do reply[#reply + 1] = pattern end\n"
"  return reply\n"
"end\n"

/* the sets of an image that were not looked at before */
"local function sets_of(argument)\n"
"  local colon = string.find(argument, ':', 1, true)\n"
"  local split = colon + tonumber(string.sub(argument, 1, colon - 1))\n"
"  local prefix = string.sub(argument, colon + 1, split)\n"
"  local image = cjson.decode(string.sub(argument, split + 1))\n"
"  local stem = prefix .. 'conj:' .. image[1] .. ':'\n"
"  local known = schemes_of(prefix .. 'schemes:' .. image[1])\n"
"  local sets = {}\n"
"  if known.err then return known end\n"
"  for _, scheme in ipairs(known) do\n"
"    local list = names(stem, scheme, image[2])\n"
"    if not list then globs[glob(stem, scheme)] = true end\n"
"    for _, set in ipairs(list or {}) do\n"
"      if not seen[set] then sets[#sets + 1] = set end\n"
"      seen[set] = true\n"
"    end\n"
"  end\n"
"  return sets\n"
"end\n"

"for i = 1, #ARGV - 1 do\n"
"  local sets = sets_of(ARGV[i])\n"
"  local found = sets.err and sets or exist(sets)\n"
"  if type(found) ~= 'number' then return found end\n"
"  for _, set in ipairs(found > 0 and sets or {}) do\n"
"    local stop = delete(set)\n"
"    if stop == 'full' then return answer(i - 1) end\n"
"    if stop then return stop end\n"
"  end\n"
"  looked = looked + #sets\n"
"  if looked >= " CACHEOPS_SCRIPT_MAX_SETS " then return answer(i) end\n"
"end\n"
"return answer(#ARGV - 1)";
