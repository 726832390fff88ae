# A linear model: every three letters of the text add the weights that training gave them, one for each language.
# model.tsv: first line "languages" and their names, then "default" and a weight each, then three letters and a weight each.

function decode(text,   out, i, c) {
  out = ""
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c == "+") c = " "
    if (c == "%") {
      c = sprintf("%c", 16 * hex(substr(text, i + 1, 1)) + hex(substr(text, i + 2, 1)))
      i += 2
    }
    out = out c
  }
  return out
}
function hex(digit) { return index("0123456789abcdef", tolower(digit)) - 1 }
# e to a power of at most 0: busybox may come without awk's own exp().
function power(x,   i) {
  if (x < -30) return 0
  x = 1 + x / 1024
  for (i = 0; i < 10; i++) x *= x
  return x
}
function fail(message) {
  printf "Status: 400 Bad Request\r\nContent-Type: application/json\r\n\r\n"
  printf "{\"error\":\"%s\"}\n", message
  failed = 1
  exit
}

BEGIN {
  FS = "\t"
  text = ENVIRON["BODY"]
  n = split(ENVIRON["QUERY_STRING"], parts, "&")
  for (i = 1; i <= n; i++) if (substr(parts[i], 1, 5) == "text=") text = decode(substr(parts[i], 6))
  text = tolower(substr(text, 1, 8192))
  gsub(/[^a-z]+/, " ", text)
  text = " " text " "
  gsub(/ +/, " ", text)
  if (length(text) < 4) fail("give some text: /cgi-bin/predict?text=good+morning")
  for (i = 1; i <= length(text) - 2; i++) count[substr(text, i, 3)]++
}
$1 == "languages" { for (i = 2; i <= NF; i++) name[i] = $i; languages = NF; next }
$1 == "default" { for (i = 2; i <= NF; i++) unknown[i] = $i; next }
$1 in count { for (i = 2; i <= NF; i++) score[i] += count[$1] * $i; known[$1] = 1 }
END {
  if (failed) exit
  best = 0
  for (letters in count) if (!(letters in known)) for (i = 2; i <= languages; i++) score[i] += count[letters] * unknown[i]
  for (i = 2; i <= languages; i++) if (best == 0 || score[i] > score[best]) best = i
  total = 0
  for (i = 2; i <= languages; i++) total += power((score[i] - score[best]) / 100)
  printf "Content-Type: application/json\r\n\r\n"
  printf "{\"language\":\"%s\",\"confidence\":%.3f,\"version\":\"%s\",\"pod\":\"%s\"}\n", name[best], 1 / total, ENVIRON["VERSION"], ENVIRON["HOSTNAME"]
}
