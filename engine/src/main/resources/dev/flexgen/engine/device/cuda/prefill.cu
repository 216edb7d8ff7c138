// Attention of many queries whose scores are only scaled.
#include "common.cuh"
#include "prefill.cuh"
