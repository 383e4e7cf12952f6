/* What the reference says in prose, one text for each chapter, in the form of bench/text/page.h. Floor 4c. */
#ifndef BENCH_SWEEP_REFERENCE_TEXT_H
#define BENCH_SWEEP_REFERENCE_TEXT_H

extern const char text_preface[], text_sweep[], text_entry[], text_family[], text_family_more[], text_blocks[],
	text_repeats[], text_items[], text_layers[], text_recipe[], text_teachers[], text_variants[], text_best[],
	text_optimizers[], text_schedules[], text_losses[], text_augment[], text_views[], text_data[],
	text_sweeps_here[];

#endif
