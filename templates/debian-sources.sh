# shellcheck shell=sh
# Which mirrors this Debian host uses itself, from its apt sources. Sourced by tslxc-debian.

# apt_sources FOLDER: every source of binary packages below /etc/apt as a line "URI SUITE COMPONENT...",
# from both notations: one line each (*.list), and paragraphs of fields (*.sources).
apt_sources() {
  for _file in "$1/sources.list" "$1"/sources.list.d/*.list; do
    [ -f "$_file" ] || continue
    awk '
      { sub(/#.*/, "") }
      $1 == "deb" { sub(/\[[^]]*\]/, ""); $0 = $0; $1 = ""; sub(/^ +/, ""); print }
    ' "$_file"
  done
  for _file in "$1"/sources.list.d/*.sources; do
    [ -f "$_file" ] || continue
    awk '
      function paragraph(   i, j, uris, suites, nu, ns) {
        if ((" " field["types"] " ") ~ /[ \t]deb[ \t]/ && tolower(field["enabled"]) !~ /^[ \t]*(no|false|without|off|disable|0)/) {
          nu = split(field["uris"], uris)
          ns = split(field["suites"], suites)
          for (i = 1; i <= nu; i++)
            for (j = 1; j <= ns; j++) print uris[i], suites[j] field["components"]
        }
        split("", field)
        name = ""
      }
      /^#/ { next }
      /^[ \t]*$/ { paragraph(); next }
      /^[ \t]/ { field[name] = field[name] $0; next }
      {
        name = tolower($0)
        sub(/[ \t]*:.*/, "", name)
        value = $0
        sub(/^[^:]*:[ \t]*/, "", value)
        field[name] = " " value
      }
      END { paragraph() }
    ' "$_file"
  done | sed 's/[[:space:]][[:space:]]*/ /g'
}

# host_mirror main|security CODENAME FOLDER: the best source that looks like Debian's own, or nothing. Others
# publish suites that are named like Debian's, so: the one that has CODENAME-updates too is surest, then one
# whose address ends like a Debian mirror's, then any.
host_mirror() {
  apt_sources "$3" | awk -v wanted="$1" -v codename="$2" '
    $1 !~ /^(https?|file):/ { next }
    {
      uri = $1
      sub(/\/+$/, "", uri)
      has_main = 0
      for (i = 3; i <= NF; i++) if ($i == "main") has_main = 1
    }
    !has_main { next }
    $2 == codename "-updates" { updates[uri] = 1 }
    $2 == codename "-security" || $2 == codename "/updates" || $2 == "stable-security" { if (!security) security = uri }
    $2 == codename { order[++count] = uri }
    $2 ~ /^(stable|oldstable|testing|unstable|sid)$/ { other[++others] = uri }
    function rank(u) { return (updates[u] ? 2 : 0) + (u ~ /\/debian$/ ? 1 : 0) }
    END {
      if (wanted == "security") { if (security) print security; exit }
      for (i = 1; i <= count; i++) if (!best || rank(order[i]) > rank(best)) best = order[i]
      if (!best) for (i = 1; i <= others; i++) if (!best || rank(other[i]) > rank(best)) best = other[i]
      if (best) print best
    }'
}

# os_release FIELD FILE
os_release() {
  [ -f "$2" ] || return 0
  sed -n "s/^$1=[\"']\{0,1\}\([^\"']*\)[\"']\{0,1\}\$/\1/p" "$2"
}
