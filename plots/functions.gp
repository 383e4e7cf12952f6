# Small functions that the figures share: no settings, no output. Not a figure itself.

least(a, b) = a < b ? a : b
most(a, b) = a > b ? a : b
shorten(text, length) = strlen(text) > length ? text[1:length - 1]."…" : text

# 1500 as 1.5k, 2000000 as 2M.
count_text(n) = n < 1000 ? sprintf("%g", n) : n < 1e6 ? sprintf("%gk", n / 1e3) : \
	n < 1e9 ? sprintf("%gM", n / 1e6) : sprintf("%gG", n / 1e9)
# The step 1, 2 or 5 x 10^n that cuts `range` into `parts` pieces or somewhat fewer.
step_scaled(range, parts) = 10. ** floor(log10(range * 1. / parts))
step_ratio(range, parts) = range * 1. / parts / step_scaled(range, parts)
step_of(range, parts) = step_scaled(range, parts) * (step_ratio(range, parts) <= 1.001 ? 1 : \
	step_ratio(range, parts) <= 2.001 ? 2 : step_ratio(range, parts) <= 5.001 ? 5 : 10)
