# The families' numbers, by which all pictures of a sweep choose colours and marks. Not a figure itself.
#
# Takes `networks`, whose column family_number says each family's place in the sweep. number_of(name) is 0 where no
# network of the family has been trained.

set datafile separator tab
numbered_rows = -1
stats networks using (numbered_rows = numbered_rows + 1, 0) nooutput
set datafile columnheaders
array numbered_name[numbered_rows + 4097]       # room for families that have no network here
numbered = 0
number_add(name, number) = number <= numbered ? 0 : (numbered = numbered + 1, numbered_name[numbered] = name, 0)
if (numbered_rows > 0) stats networks using (number_add(strcol("family"), int(column("family_number"))), 0) nooutput
set datafile separator whitespace
set datafile nocolumnheaders
number_of(name) = (sum [k = 1:numbered] (numbered_name[k] eq name ? k : 0))
