/* Callbacks for profiles. The engine has no clock: it calls the observer where a piece of work begins and ends. Floor
 * 0. */
#ifndef NN_BASE_OBSERVER_H
#define NN_BASE_OBSERVER_H

/* The stages of one training update; evaluation loads, packs, and runs forward with the loss. */
enum stage {
	STAGE_LOADING,          /* bytes to lane groups, with augmentation */
	STAGE_TEACHERS,         /* what teachers make of the images, counted for the input; only where there are some */
	STAGE_PACKING,          /* weights into the kernels' order */
	STAGE_FORWARD,
	STAGE_LOSS,
	STAGE_BACKWARD,
	STAGE_SUMMING,          /* gradients summed over lane groups */
	STAGE_UPDATE,           /* the optimizer's step, and running averages of parameters where there are any */
	STAGES
};

/* Both are called on the thread that does the work, around each piece; pieces of one thread never overlap. */
struct observer {
	void (*begin)(void *about);
	void (*end)(void *about, enum stage stage, int layer);  /* layer -1: the network's input */
	void *about;
};

/* Without an observer (NULL) these cost a branch. */
static inline void observe_begin(const struct observer *observer)
{
	if (observer)
		observer->begin(observer->about);
}

static inline void observe_end(const struct observer *observer, enum stage stage, int layer)
{
	if (observer)
		observer->end(observer->about, stage, layer);
}

#endif
