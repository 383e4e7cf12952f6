#!/bin/sh
# Writes a sweep of N points to stdout: two small families, ten seeds each, all other points are widths. For measuring
# how time and memory grow with the number of points; it needs no data but for training.
#
#   sh tests/many_points.sh 10000 >/tmp/many.yaml && time archsweep params --tsv /tmp/many.yaml | tail -n 1
set -eu
count=$1
widths=$((count / 20))
[ $((widths * 20)) = "$count" ] || { echo "$0: $count is no multiple of 20" >&2; exit 2; }

cat <<END
data: {idx: {folder: ., validation: 32}}
input: [8, 8, 1]
classes: 3
recipe: {epochs: 1, batch: 32}
seeds: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
families:
  - name: dense
    widths: [$(seq -s ', ' "$widths")]
    layers: [flatten, {dense: {units: w}}, relu, {dense: {units: classes}}]
  - name: conv
    widths: [$(seq -s ', ' "$widths")]
    layers: [{conv: {channels: w, kernel: 3, stride: 8}}, relu, flatten, {dense: {units: classes}}]
END
