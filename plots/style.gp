# What all figures share: the terminal by the ending of `out`, fonts, colours, shapes. Not a figure itself.
#
# A figure may set `canvas_width` and `canvas_height` (pixels) before it loads this file. It gets `font_size` (points,
# as the PNG counts them), `em` (pixels), `ink` for text, and the palette's functions. All text is plain: names hold _ ^
# { and %.

if (!exists("canvas_width")) canvas_width = 1600
if (!exists("canvas_height")) canvas_height = 1000

set encoding utf8
font_size = 18
em = font_size * 4 / 3.
is_svg = strlen(out) > 4 && out[strlen(out) - 3:] eq ".svg"
if (is_svg) \
	set terminal svg noenhanced size canvas_width, canvas_height font sprintf("DejaVu Sans,%g", em) \
	background "white" rounded; \
else \
	set terminal pngcairo noenhanced size canvas_width, canvas_height font sprintf("DejaVu Sans,%g", font_size) \
		background "white" rounded dashlength 1.8
set output out
# The two terminals differ in what a point's size is, and in how far apart lines of text are.
dot_size = is_svg ? 0.38 : 1.
line_height = is_svg ? 0.82 : 1.
label_lift = is_svg ? 0.75 : 0.
small_font = sprintf(",%g", (is_svg ? em : font_size) * 0.9)
large_font = sprintf(",%g", (is_svg ? em : font_size) * 1.1)

# The palette of Okabe and Ito, which the colour-blind can tell apart; yellow is too pale for lines on white and comes
# darker, at last.
array palette_colour = [ 0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0xE69F00, 0x56B4E9, 0x000000, 0xB8A800 ]
# A family's number in the sweep (families.gp) chooses its colour in all pictures. Shapes are 7 and colours are 8, so
# that family 9 shares its colour with the first, but neither its shape nor its dashes.
array palette_shape = [ 7, 5, 9, 13, 11, 15, 6 ]
colour_of(i) = palette_colour[(i - 1) % |palette_colour| + 1]
shape_of(i) = palette_shape[(i - 1) % |palette_shape| + 1]
dash_of(i) = 10 + (i - 1) / |palette_colour| % 3
set dashtype 10 solid
set dashtype 11 (10, 4)
set dashtype 12 (3, 4)
shape_size(i) = shape_of(i) == 7 || shape_of(i) == 6 || shape_of(i) == 5 ? 1.9 * dot_size : 2.3 * dot_size

# `from` with `share` of `to` mixed in, channel by channel.
channel(rgb, shift) = (int(rgb) >> shift) & 255
blend_channel(from, to, share, shift) = \
	int(channel(from, shift) * (1 - share) + channel(to, shift) * share + 0.5) << shift
blend(from, to, share) = blend_channel(from, to, share, 16) + blend_channel(from, to, share, 8) + \
	blend_channel(from, to, share, 0)

# A family's networks from pale, `rank` 0, to dark, 1.
shade_of(i, rank) = blend(blend(colour_of(i), 0xFFFFFF, 0.6 * (1 - rank)), 0x000000, 0.5 * most(0, rank - 0.6) / 0.4)

ink = 0x333333
pale = 0xDDDDDD
set border 3 linewidth 1.5 linecolor rgb ink
set tics nomirror out scale 0.8 textcolor rgb ink
set xtics offset 0, 0.3 * label_lift
set xlabel offset 0, label_lift
set grid linewidth 1 linecolor rgb pale linetype 1
set key noenhanced textcolor rgb ink
