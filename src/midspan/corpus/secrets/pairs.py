"""How a name and its value stand apart: members of an object, attributes and elements of XML, a variable's default.

`{"key": "password", "value": "…"}`, `<add key="password" value="…"/>`, `<password>…</password>`,
`<key>password</key><string>…</string>`, `- name: PASSWORD` above `value: …`, `variable "password" { default = "…" }`.
All of them begin where the name ends, and are read with re.VERBOSE.
"""

from __future__ import annotations

# Such as "type": "string",
_MEMBER = r"""["']?[\w-]{1,20}["']?\s{0,4}[:=]\s{0,4}["']?[\w./-]{0,40}["']?\s{0,4},?\s{1,60}"""

PAIR = rf"""["'`]?\s{{0,20}}+,?\s{{0,60}}+ (?:{_MEMBER}){{0,2}}
    ["'`]?(?:parameter|default|option|field)?_?value["'`]?\s{{0,4}}[:=]\s{{0,8}}
  | ["']\s{{0,4}}\{{[^{{}}]{{0,300}}?\bdefault\s{{0,20}}=\s{{0,4}}
  | :[ ]*\n(?:[ ]+\w+:[^\n]{{0,80}}\n){{0,3}}[ ]+default:[ ]*"""

ELEMENT = r"""(?: ["']?(?:\s[^<>\n]{0,80}+)? > \s{0,40} (?:<(?:value|string)>\s{0,8})?
     | </(?:key|name)>\s{0,40}<(?:string|value)> )
  (?:<!\[CDATA\[)? (?P<element>[^\s<>"']{6,4000}?) (?:\]\]>)? \s{0,20} </"""
