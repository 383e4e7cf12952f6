/* See reference_text.h. What concerns one layer, optimizer, schedule or data format is its `about` instead. */
#include "bench/sweep/reference_text.h"

const char text_preface[] =
	"This page is the reference of all that a sweep or a family can say. `make reference` writes it from the "
	"tables by which the program reads YAML, so it is always complete; `archsweep help TOPIC` prints the same in "
	"a terminal: `archsweep help layers`. The topics are this page's chapters: `sweep`, `families`, `blocks`, "
	"`layers`, `recipe`, `optimizers`, `schedules`, `data`.\n"
	"A family describes networks as a list of layers in which `w` is the width. A sweep takes families at "
	"several widths, images and a recipe, and trains every combination: each is a point. A first family and a "
	"first sweep are in `README.md`. `archsweep summary SWEEP.yaml plain/12` shows what a list of layers "
	"becomes, `archsweep params SWEEP.yaml` counts every network, and both need no data.\n"
	"Whatever does not fit is one line that names the place, what was found and what is accepted, before "
	"anything trains:\n"
	"- `sweeps/my.yaml:9:48: stride: 0 is outside 1..16`\n"
	"- `sweeps/my.yaml:4:21: lerning_rate: unknown key; accepted: epochs, batch, ...; did you mean "
	"\"learning_rate\"?`";

const char text_sweep[] =
	"A sweep is a YAML file like this one:\n"
	"    title: Fashion-MNIST\n"
	"    data:\n"
	"      idx: {folder: /usr/share/datasets/fashion-mnist, validation: 5000}\n"
	"    input: [28, 28, 1]              # height, width, channels\n"
	"    classes: 10\n"
	"    seeds: [1, 2, 3]                # more than one: error bars\n"
	"    recipe:\n"
	"      epochs: 10\n"
	"      batch: 128\n"
	"      optimizer: adam               # or {adam: {beta2: 0.99}}, {sgd: {momentum: 0.9}}\n"
	"      schedule: one_cycle\n"
	"      learning_rate: 0.01\n"
	"      scaling: unit\n"
	"      flip: true\n"
	"      shift: 0.1\n"
	"    families:\n"
	"      - family: plain               # sweeps/families/plain.yaml\n"
	"        widths: [3, 6, 12]\n"
	"        expect: {total: [3555, 8118, 24534]}\n"
	"      - name: tiny                  # a family in place\n"
	"        widths: [2, 4]\n"
	"        layers:\n"
	"          - conv: {channels: w, kernel: 3}\n"
	"          - relu\n"
	"          - global_average_pool\n"
	"          - dense: {units: classes}\n"
	"`archsweep run sweeps/my.yaml` trains every point: each family at each width with each seed. A point's "
	"record is kept under a hash of its resolved description, so the same command trains only what is missing or "
	"has changed.\n"
	"`--set KEY=VALUE` changes any value for one run: `--set recipe.epochs=3`, `--set data.idx.folder=DIR`, "
	"`--set 'families.0.widths=[3, 6]'`. A relative path in the file starts at the file's folder, one in `--set` "
	"where you stand.\n"
	"YAML's anchors, aliases and merge keys work: `recipe: &short {epochs: 3}`, `*short`, `{<<: *short, batch: "
	"32}`. Aliases may stand for 10,000 values of one file.\n"
	"A sweep without `data` can be counted (`params`, `summary`), measured (`bench`) and taken through a `step`; "
	"only what needs images insists on them.\n"
	"With `base` the sweep names the network that the others are compared with: `base: mnist-base`, or `base: "
	"plain/12` where a family has several widths. `make sweep` then also prints how each network stands to it, "
	"and draws that.\n"
	"A sweep has at most 64 families and 4,096 points, a network at most 1,024 layers with all blocks and "
	"repeats written out.";

const char text_entry[] =
	"An item is either a family's file, `family: plain`, or a family in place: `name` and the keys of a family "
	"(`about`, `rounding`, `blocks`, `layers`). Blocks in place work as in a file.\n"
	"`expect` holds the counts that the networks must have. `trainable` is what the optimizer updates: batch "
	"norm counts 2 a channel. `total` adds batch norm's moving statistics: 4 a channel. `archsweep params "
	"--check sweeps/*.yaml` checks them in milliseconds and without data, and `ci/github-params.yml` and "
	"`ci/gitlab-params.yml` are ready jobs that do so on every push. Counts in the file say nothing of widths "
	"that come from `--set`.";

const char text_sweeps_here[] =
	"- `fashion`: the default: plain CNNs, the same with 1x1 convolutions, and MobileNets, on Fashion-MNIST\n"
	"- `fer2013`: the same families at 48x48 on FER2013, widths 3 to 48\n"
	"- `few-parameters`: plain CNNs against MobileNets of equal size, from a thousand parameters upward, on "
	"FER2013\n"
	"- `reference`: six networks that others have trained on FER2013, with the counts that they report\n"
	"- `mnist`: one small network and six variations of it; it expects MNIST's four files in `data/mnist/` and "
	"runs as it stands on other data of that shape\n"
	"- `cifar-10`: ResNet-20, to be counted and measured, without data\n"
	"- `imagenet`: MobileNetV1 at four widths with Keras' counts, to be counted and measured, without data\n"
	"- `bench`, `bench-mnist`: what `make bench` measures: the reference networks, at 48x48 and at 28x28";

const char text_family[] =
	"A family is a list of layers in which `w` is the width. It is a file, `sweeps/families/NAME.yaml`, or "
	"stands in a sweep:\n"
	"    about: a small plain CNN\n"
	"    rounding: exact\n"
	"    layers:\n"
	"      - batch_norm\n"
	"      - conv: {channels: w, kernel: 3}\n"
	"      - relu\n"
	"      - conv: {channels: 2w, kernel: 3}\n"
	"      - max_pool: {window: 3, stride: 2}\n"
	"      - flatten\n"
	"      - dropout: {rate: 0.2}\n"
	"      - dense: {units: classes}     # as many as the sweep has classes\n"
	"Each layer reads the one above it. The last one must give one number for each class; softmax and "
	"cross-entropy belong to training.";

const char text_family_more[] =
	"Fields that count channels or units accept a multiple of the width: `w`, `2w`, `0.5w`. Widths may be "
	"fractions: with `channels: 32w`, width 0.25 gives 8. `rounding` says what happens to a product that is no "
	"whole number:\n"
	"- `exact`: it is an error, which names the width.\n"
	"- `nearest`: it is rounded to the nearest whole number, halves upward, but not below 1.\n"
	"- `{multiple_of: 8}`: it is rounded to the nearest multiple of 8, halves upward, but not below 8. If that "
	"takes off more than 10 %, the next multiple is taken: 10.6 becomes 16, not 8. This is the rule of the "
	"MobileNets' authors.\n"
	"A plain number, `channels: 30`, is never rounded. `archsweep params` and `archsweep summary` show the "
	"channels that come out.";

const char text_blocks[] =
	"A block is a named list of layers with parameters. A MobileNet's block and a residual one:\n"
	"    rounding: nearest\n"
	"    blocks:\n"
	"      separable:\n"
	"        parameters: {channels: required, stride: 1}\n"
	"        layers:\n"
	"          - depthwise: {kernel: 3, stride: $stride, padding: 1, bias: false}\n"
	"          - relu\n"
	"          - batch_norm\n"
	"          - conv: {channels: $channels, kernel: 1, bias: false}\n"
	"          - relu\n"
	"          - batch_norm\n"
	"      residual:\n"
	"        parameters: {channels: required}\n"
	"        layers:\n"
	"          - conv: {channels: $channels, kernel: 3}\n"
	"          - relu\n"
	"          - conv: {channels: $channels, kernel: 3}\n"
	"          - add: {with: block_input}\n"
	"    layers:\n"
	"      - conv: {channels: 16w, kernel: 3, stride: 2, padding: 1}\n"
	"      - repeat: {times: 3, layers: [separable: {channels: 32w}]}\n"
	"      - residual: {channels: 32w}\n"
	"      - global_average_pool\n"
	"      - dense: {units: classes}\n"
	"Blocks work in a family's file and in a family in place. They may use other blocks, up to 16 deep, but "
	"never themselves. A parameter's value is a number, a word, or a list such as a padding of `[0, 1, 0, 1]`.\n"
	"`sweeps/families/resnet-20.yaml` shows both kinds of shortcut, `sweeps/families/mobilenet-v2.yaml` inverted "
	"residuals.";

const char text_repeats[] =
	"Its layers stand one after the other, `times` times. The number may be a block's parameter.";

const char text_items[] =
	"`conv: {channels: w, kernel: 3, name: here}` gives the layer's output a name. A name on a block or a repeat "
	"stands for the output of its last layer, and `from` on a block or a repeat says what its first layer reads: "
	"`residual: {channels: 32w, from: here, name: there}`.\n"
	"- `input` is always the network's input: `add: {with: input}`.\n"
	"- `block_input` is, inside a block, what the block reads.\n"
	"- Names in a block are its own: they neither see nor disturb names outside.\n"
	"- Names in a repeat are new each time round, and the repeat sees the names around it. To name its last "
	"output, name the repeat.\n"
	"- Only earlier layers can be named, and no name hides another one.";

const char text_layers[] =
	"A layer is its name, `relu`, or its name and fields, `conv: {channels: 2w, kernel: 3}`. Besides the fields "
	"below each takes `name` and `from`, see `archsweep help blocks`. An activation right behind a convolution, "
	"dense layer or batch norm is computed together with it.\n"
	"`padding` says what surrounds the input:\n"
	"- `same`: as TensorFlow pads. The output has ceil(input / stride) rows and columns; the zeros that this "
	"needs are shared between both sides, and an odd one goes to the bottom and to the right.\n"
	"- `valid`: nothing. Windows that would reach over the edge are left out.\n"
	"- a number: that many rows and columns on every side, as PyTorch's `padding=1`. With a stride of 2 this is "
	"not `same`: on an input of even size `same` pads a 3x3 window at the bottom and right alone.\n"
	"- `[top, bottom, left, right]`: each side by itself.\n"
	"`init` says how the first weights are drawn; biases begin with 0:\n"
	"- `he`: normally distributed, with standard deviation sqrt(2 / fan_in). For layers before a rectifier.\n"
	"- `glorot`: evenly distributed between -r and r, r = sqrt(6 / (fan_in + fan_out)). Keras' default.\n"
	"\n"
	"fan_in counts the taps that an output reads, fan_out the taps of all outputs, in groups too, as in PyTorch.";

const char text_recipe[] =
	"The recipe says how every point of the sweep is trained. Only `epochs` is required.\n"
	"Training minimises softmax cross-entropy. The headline of a point is the accuracy of the final epoch on the "
	"test images; the best epoch by the validation images is reported beside it. The test images choose "
	"nothing.\n"
	"- Learning rate: in each update it is `learning_rate`, times the schedule's factor, times the warm-up's. "
	"`warm_up` multiplies any schedule, whose clock runs from the start: update k of the first n has k / n of "
	"the rate. It may not be longer than `epochs`.\n"
	"- Augmentation: `flip` and `shift` draw anew for each image in each epoch. Pixels that a shift uncovers are "
	"black (byte 0).\n"
	"- Averages: with `average_weights` validation and test images are judged by running averages of the weights "
	"and of batch norm's statistics. At update n they keep min(share, (1 + n) / (10 + n)), so less in the first "
	"updates, as TensorFlow's ExponentialMovingAverage does.\n"
	"- Early end: with `patience` a point ends after that many epochs without a gain of `min_gain` in validation "
	"accuracy. The data needs validation images.\n"
	"- Precision: with `bf16` convolutions that read and write 4 channels and more (with `groups`: of each group) "
	"multiply numbers rounded to bfloat16 and add in float32, forward and in both gradients. Weights, "
	"activations, batch norm, the optimizer, dense and depthwise layers stay float32. AMD's processors with "
	"AVX512_BF16 are faster that way, others slower: see `bench/README.md`. Another precision is another point.\n"
	"- Weight decay belongs to the optimizer. `dropout` and `spatial_dropout` are layers.";

const char text_optimizers[] =
	"    recipe:\n"
	"      optimizer: {sgd: {momentum: 0.9, weight_decay: 0.0005}}\n"
	"The name alone, `optimizer: sgd`, takes all defaults. Where the recipe has no `learning_rate`, the "
	"optimizer's usual one is taken.\n"
	"Weight decay leaves biases and batch norm alone, whatever the optimizer. PyTorch's and Keras' optimizers "
	"decay every parameter that they are given unless told otherwise.\n"
	"Formulas and papers are at the heads of the files in `nn/optim/`, one file for each optimizer.";

const char text_schedules[] =
	"    recipe:\n"
	"      schedule: {step: {at: [30, 60], factor: 0.1}}\n"
	"A schedule gives the factor on the recipe's learning rate, anew for each update. The recipe's `warm_up` can "
	"be added to any of them.";

const char text_data[] =
	"    data:\n"
	"      idx: {folder: /usr/share/datasets/fashion-mnist, validation: 5000}\n"
	"Training images train, validation images show when to stop and which epoch was best, test images give the "
	"headline and choose nothing. A relative path starts at the sweep's folder, one from `--set` where you "
	"stand. Files are checked to the last byte before they are believed, and plain or gzipped ones are read "
	"alike.\n"
	"A data format that is not here is one file and one row of the table in `bench/data/`.";
