#include "apus_kernels.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char file_argmax[] = {
#embed "argmax.cl"
};
static const unsigned char file_arithmetic[] = {
#embed "arithmetic.cl"
};
static const unsigned char file_attention_tiled[] = {
#embed "attention_tiled.cl"
};
static const unsigned char file_attention_tiled_gradient[] = {
#embed "attention_tiled_gradient.cl"
};
static const unsigned char file_attention_tiles[] = {
#embed "attention_tiles.cl"
};
static const unsigned char file_attention_wide[] = {
#embed "attention_wide.cl"
};
static const unsigned char file_augmentation[] = {
#embed "augmentation.cl"
};
static const unsigned char file_convolution_direct[] = {
#embed "convolution_direct.cl"
};
static const unsigned char file_convolution_pack[] = {
#embed "convolution_pack.cl"
};
static const unsigned char file_convolution_patch[] = {
#embed "convolution_patch.cl"
};
static const unsigned char file_convolution_patch_weights[] = {
#embed "convolution_patch_weights.cl"
};
static const unsigned char file_convolution_sum[] = {
#embed "convolution_sum.cl"
};
static const unsigned char file_convolution_tensor[] = {
#embed "convolution_tensor.cl"
};
static const unsigned char file_convolution_tiled[] = {
#embed "convolution_tiled.cl"
};
static const unsigned char file_convolution_wide[] = {
#embed "convolution_wide.cl"
};
static const unsigned char file_convolution_wide_weights[] = {
#embed "convolution_wide_weights.cl"
};
static const unsigned char file_fetch[] = {
#embed "fetch.cl"
};
static const unsigned char file_gather_rows[] = {
#embed "gather_rows.cl"
};
static const unsigned char file_lanes[] = {
#embed "lanes.cl"
};
static const unsigned char file_matmul_dot[] = {
#embed "matmul_dot.cl"
};
static const unsigned char file_matmul_pack[] = {
#embed "matmul_pack.cl"
};
static const unsigned char file_matmul_tensor[] = {
#embed "matmul_tensor.cl"
};
static const unsigned char file_matmul_tiled[] = {
#embed "matmul_tiled.cl"
};
static const unsigned char file_matmul_wide[] = {
#embed "matmul_wide.cl"
};
static const unsigned char file_multiply_add[] = {
#embed "multiply_add.cl"
};
static const unsigned char file_philox[] = {
#embed "philox.cl"
};
static const unsigned char file_pointwise[] = {
#embed "pointwise.cl"
};
static const unsigned char file_pool[] = {
#embed "pool.cl"
};
static const unsigned char file_reduce_columns[] = {
#embed "reduce_columns.cl"
};
static const unsigned char file_reduce_rows[] = {
#embed "reduce_rows.cl"
};
static const unsigned char file_reduction[] = {
#embed "reduction.cl"
};
static const unsigned char file_row_chain[] = {
#embed "row_chain.cl"
};
static const unsigned char file_scatter_add[] = {
#embed "scatter_add.cl"
};
static const unsigned char file_softmax[] = {
#embed "softmax.cl"
};
static const unsigned char file_sparse_product[] = {
#embed "sparse_product.cl"
};
static const unsigned char file_sparse_rows[] = {
#embed "sparse_rows.cl"
};
static const unsigned char file_tensor_cores[] = {
#embed "tensor_cores.cl"
};
static const unsigned char file_transpose[] = {
#embed "transpose.cl"
};
static const unsigned char file_transposition[] = {
#embed "transposition.cl"
};
static const unsigned char file_update[] = {
#embed "update.cl"
};
static const unsigned char file_window[] = {
#embed "window.cl"
};
static const unsigned char file_winograd_input[] = {
#embed "winograd_input.cl"
};
static const unsigned char file_winograd_output[] = {
#embed "winograd_output.cl"
};
static const unsigned char file_winograd_points[] = {
#embed "winograd_points.cl"
};
static const unsigned char file_winograd_weight_gradient[] = {
#embed "winograd_weight_gradient.cl"
};
static const unsigned char file_winograd_weights[] = {
#embed "winograd_weights.cl"
};
static const unsigned char file_updates_adabound[] = {
#embed "Updates/adabound.cl"
};
static const unsigned char file_updates_adadelta[] = {
#embed "Updates/adadelta.cl"
};
static const unsigned char file_updates_adagrad[] = {
#embed "Updates/adagrad.cl"
};
static const unsigned char file_updates_adam[] = {
#embed "Updates/adam.cl"
};
static const unsigned char file_updates_adamax[] = {
#embed "Updates/adamax.cl"
};
static const unsigned char file_updates_adamw[] = {
#embed "Updates/adamw.cl"
};
static const unsigned char file_updates_amsbound[] = {
#embed "Updates/amsbound.cl"
};
static const unsigned char file_updates_amsgrad[] = {
#embed "Updates/amsgrad.cl"
};
static const unsigned char file_updates_lion[] = {
#embed "Updates/lion.cl"
};
static const unsigned char file_updates_momentum[] = {
#embed "Updates/momentum.cl"
};
static const unsigned char file_updates_nadam[] = {
#embed "Updates/nadam.cl"
};
static const unsigned char file_updates_nesterov[] = {
#embed "Updates/nesterov.cl"
};
static const unsigned char file_updates_radam[] = {
#embed "Updates/radam.cl"
};
static const unsigned char file_updates_rmsprop[] = {
#embed "Updates/rmsprop.cl"
};
static const unsigned char file_updates_sgd[] = {
#embed "Updates/sgd.cl"
};

#define FILE_ROW(name, bytes) {name, bytes, sizeof bytes}

static const apus_kernel_file files[] = {
  FILE_ROW("argmax", file_argmax),
  FILE_ROW("arithmetic", file_arithmetic),
  FILE_ROW("attention_tiled", file_attention_tiled),
  FILE_ROW("attention_tiled_gradient", file_attention_tiled_gradient),
  FILE_ROW("attention_tiles", file_attention_tiles),
  FILE_ROW("attention_wide", file_attention_wide),
  FILE_ROW("augmentation", file_augmentation),
  FILE_ROW("convolution_direct", file_convolution_direct),
  FILE_ROW("convolution_pack", file_convolution_pack),
  FILE_ROW("convolution_patch", file_convolution_patch),
  FILE_ROW("convolution_patch_weights", file_convolution_patch_weights),
  FILE_ROW("convolution_sum", file_convolution_sum),
  FILE_ROW("convolution_tensor", file_convolution_tensor),
  FILE_ROW("convolution_tiled", file_convolution_tiled),
  FILE_ROW("convolution_wide", file_convolution_wide),
  FILE_ROW("convolution_wide_weights", file_convolution_wide_weights),
  FILE_ROW("fetch", file_fetch),
  FILE_ROW("gather_rows", file_gather_rows),
  FILE_ROW("lanes", file_lanes),
  FILE_ROW("matmul_dot", file_matmul_dot),
  FILE_ROW("matmul_pack", file_matmul_pack),
  FILE_ROW("matmul_tensor", file_matmul_tensor),
  FILE_ROW("matmul_tiled", file_matmul_tiled),
  FILE_ROW("matmul_wide", file_matmul_wide),
  FILE_ROW("multiply_add", file_multiply_add),
  FILE_ROW("philox", file_philox),
  FILE_ROW("pointwise", file_pointwise),
  FILE_ROW("pool", file_pool),
  FILE_ROW("reduce_columns", file_reduce_columns),
  FILE_ROW("reduce_rows", file_reduce_rows),
  FILE_ROW("reduction", file_reduction),
  FILE_ROW("row_chain", file_row_chain),
  FILE_ROW("scatter_add", file_scatter_add),
  FILE_ROW("softmax", file_softmax),
  FILE_ROW("sparse_product", file_sparse_product),
  FILE_ROW("sparse_rows", file_sparse_rows),
  FILE_ROW("tensor_cores", file_tensor_cores),
  FILE_ROW("transpose", file_transpose),
  FILE_ROW("transposition", file_transposition),
  FILE_ROW("update", file_update),
  FILE_ROW("window", file_window),
  FILE_ROW("winograd_input", file_winograd_input),
  FILE_ROW("winograd_output", file_winograd_output),
  FILE_ROW("winograd_points", file_winograd_points),
  FILE_ROW("winograd_weight_gradient", file_winograd_weight_gradient),
  FILE_ROW("winograd_weights", file_winograd_weights),
  FILE_ROW("Updates/adabound", file_updates_adabound),
  FILE_ROW("Updates/adadelta", file_updates_adadelta),
  FILE_ROW("Updates/adagrad", file_updates_adagrad),
  FILE_ROW("Updates/adam", file_updates_adam),
  FILE_ROW("Updates/adamax", file_updates_adamax),
  FILE_ROW("Updates/adamw", file_updates_adamw),
  FILE_ROW("Updates/amsbound", file_updates_amsbound),
  FILE_ROW("Updates/amsgrad", file_updates_amsgrad),
  FILE_ROW("Updates/lion", file_updates_lion),
  FILE_ROW("Updates/momentum", file_updates_momentum),
  FILE_ROW("Updates/nadam", file_updates_nadam),
  FILE_ROW("Updates/nesterov", file_updates_nesterov),
  FILE_ROW("Updates/radam", file_updates_radam),
  FILE_ROW("Updates/rmsprop", file_updates_rmsprop),
  FILE_ROW("Updates/sgd", file_updates_sgd),
};

int apus_kernel_count(void) { return (int)(sizeof files / sizeof *files); }

apus_kernel_file apus_kernel(int index) { return files[index]; }
