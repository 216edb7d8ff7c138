// Attention of a few queries whose scores are only scaled.
#include "common.cuh"
#include "attend.cuh"
