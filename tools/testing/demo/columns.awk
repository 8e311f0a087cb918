# SPDX-License-Identifier: GPL-2.0-only
#
# usage: awk -v width=WIDTH -f columns.awk LEFT RIGHT
#
# Prints the lines of two files side by side, each in a column of that width, and a line that is
# longer in as many as it needs.

# Where a line of the column has to end: at the last blank that fits, or at the width
function end_of_line(text,    at)
{
	for (at = width + 1; at > 1; at--)
		if (substr(text, at, 1) == " ")
			return at - 1
	return width
}

# Returns how many lines the text becomes in parts.
function split_text(text, parts,    n, at)
{
	n = 0
	while (length(text) > width) {
		at = end_of_line(text)
		parts[++n] = substr(text, 1, at)
		text = substr(text, at + 1)
		sub(/^ /, "", text)
	}
	parts[++n] = text
	return n
}

function print_row(a, b,    left, right, na, nb, i, line)
{
	na = split_text(a, left)
	nb = split_text(b, right)
	for (i = 1; i <= na || i <= nb; i++) {
		line = sprintf("%-" width "s | %s", i <= na ? left[i] : "",
			       i <= nb ? right[i] : "")
		sub(/ +$/, "", line)
		print line
	}
}

FNR == 1	{ file++ }
file == 1	{ a[++count_a] = $0; next }
		{ b[++count_b] = $0 }

END {
	for (row = 1; row <= count_a || row <= count_b; row++)
		print_row(row <= count_a ? a[row] : "", row <= count_b ? b[row] : "")
}
