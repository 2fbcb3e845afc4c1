"""The library's structs, mirrored field by field under their C names; tests/python/test_layouts.py compares them."""
from ctypes import (CFUNCTYPE, POINTER, Structure, c_bool, c_char, c_char_p, c_double, c_float, c_int, c_int64,
                    c_size_t, c_uint, c_uint64, c_void_p)

# clg_log_fn, clg_progress_fn
LOG_FN = CFUNCTYPE(None, c_void_p, c_int, c_char_p)
PROGRESS_FN = CFUNCTYPE(None, c_void_p, c_char_p, c_size_t, c_size_t)


class clg_log(Structure):
    _fields_ = [("fn", LOG_FN), ("user", c_void_p)]


# --- device.h, tensor.h --------------------------------------------------------------------------
class clg_device_info(Structure):
    _fields_ = [("index", c_int), ("platform", c_int), ("device", c_int), ("name", c_char * 128),
                ("vendor", c_char * 128), ("driver", c_char * 64), ("version", c_char * 128),
                ("platform_name", c_char * 128), ("type", c_int), ("compute_units", c_uint),
                ("memory", c_uint64), ("max_allocation", c_uint64),
                ("local_memory", c_uint64), ("max_work_group", c_size_t), ("fp16", c_bool), ("fp64", c_bool),
                ("available", c_bool), ("uuid", c_uint64 * 2)]


class clg_device_params(Structure):
    _fields_ = [("select", c_char_p), ("kernels_dir", c_char_p), ("cache_dir", c_char_p), ("tuning_dir", c_char_p),
                ("variants", c_char_p), ("exact", c_bool), ("profile", c_bool), ("log", clg_log),
                ("progress", PROGRESS_FN), ("progress_user", c_void_p)]


class clg_peaks(Structure):
    _fields_ = [("flops", c_double), ("bytes", c_double)]


class clg_profile_row(Structure):
    _fields_ = [("name", c_char * 64), ("calls", c_uint64), ("seconds", c_double), ("flops", c_double),
                ("bytes", c_double)]


class clg_shape(Structure):
    _fields_ = [("n", c_int), ("h", c_int), ("w", c_int), ("c", c_int)]


class clg_tensor(Structure):
    _fields_ = [("buffer", c_void_p), ("offset", c_size_t), ("shape", clg_shape)]


# --- ops.h ---------------------------------------------------------------------------------------
class clg_conv(Structure):
    _fields_ = [("r", c_int), ("s", c_int), ("stride", c_int), ("pad", c_int)]


class clg_act(Structure):
    _fields_ = [("kind", c_int), ("slope", c_float)]


class clg_deconv_report(Structure):
    _fields_ = [("iterations", c_int), ("residual", c_double), ("converged", c_bool)]


class clg_pool(Structure):
    _fields_ = [("kind", c_int), ("size", c_int), ("stride", c_int)]


# --- options.h -----------------------------------------------------------------------------------
class clg_option(Structure):
    _fields_ = [("name", c_char_p), ("type", c_int), ("offset", c_size_t), ("min", c_double), ("max", c_double),
                ("choices", c_char_p), ("metavar", c_char_p), ("help", c_char_p), ("default_text", c_char_p)]


# --- data.h, pictures.h --------------------------------------------------------------------------
class clg_crop(Structure):
    _fields_ = [("kind", c_int), ("w", c_int), ("h", c_int), ("x", c_int), ("y", c_int)]


class clg_data_params(Structure):
    _fields_ = [("path", c_char_p), ("size", c_int), ("channels", c_int), ("batch", c_int), ("crop", clg_crop),
                ("flip", c_bool), ("threads", c_int), ("seed", c_uint64), ("start", c_uint64), ("log", clg_log)]


class clg_data_info(Structure):
    _fields_ = [("pictures", c_uint64), ("skipped", c_uint64), ("warned", c_uint64), ("images_per_s", c_double),
                ("waited_s", c_double)]


class clg_face(Structure):
    _fields_ = [(name, c_float) for name in (
        "skin", "hair_tone", "hair_length", "hair_volume", "eye_tone", "eye_open", "brow", "mouth_open", "smile",
        "glasses", "beard", "age", "yaw", "pitch", "roll", "light_x", "light_y", "light", "background_r",
        "background_g", "background_b")]


class clg_labels(Structure):
    _fields_ = [("n", c_int), ("classes", c_int), ("names", POINTER(c_char_p)), ("of", POINTER(c_int))]


class clg_labels_params(Structure):
    _fields_ = [("csv", c_char_p), ("column", c_char_p), ("file_column", c_char_p), ("threshold_set", c_bool),
                ("threshold", c_double), ("classes", c_char_p), ("log", clg_log)]


# --- gan.h, train.h ------------------------------------------------------------------------------
class clg_gan_metrics(Structure):
    _fields_ = [("loss_d", c_double), ("loss_g", c_double), ("d_real", c_double), ("d_fake_before", c_double),
                ("d_fake_after", c_double), ("gradient_d", c_double), ("gradient_g", c_double)]


class clg_tensor_info(Structure):
    _fields_ = [("name", c_char * 64), ("shape", c_int64 * 4), ("dims", c_int)]


class clg_train_status(Structure):
    _fields_ = [("step", c_int64), ("steps", c_int64), ("epoch", c_double), ("metrics", clg_gan_metrics),
                ("images_per_s", c_double), ("eta_s", c_double), ("loader_images_per_s", c_double),
                ("loader_waited_s", c_double), ("skipped_pictures", c_uint64), ("warned_pictures", c_uint64)]


TRAIN_FN = CFUNCTYPE(c_bool, c_void_p, POINTER(clg_train_status))  # clg_train_fn
BATCH_FN = CFUNCTYPE(c_int, c_void_p, c_void_p)  # clg_batch_fn


class clg_batches(Structure):
    _fields_ = [("next", BATCH_FN), ("user", c_void_p), ("pictures", c_uint64)]


# --- explore.h -----------------------------------------------------------------------------------
class clg_layer_info(Structure):
    _fields_ = [("name", c_char * 32), ("text", c_char * 64), ("h", c_int), ("w", c_int), ("c", c_int),
                ("activated", c_bool), ("type", c_char * 16), ("conv", clg_conv), ("act", clg_act), ("eps", c_float)]


class clg_project_params(Structure):
    _fields_ = [("steps", c_int), ("starts", c_int), ("lr", c_float), ("prior", c_float), ("seed", c_uint64),
                ("progress", PROGRESS_FN), ("user", c_void_p)]


# --- inspect.h, nearest.h, primer.h --------------------------------------------------------------
class clg_feature(Structure):
    _fields_ = [("map", c_int), ("response", c_double)]


SCORES_FN = CFUNCTYPE(c_int, c_void_p, POINTER(c_float), c_int, POINTER(c_float))  # clg_scores_fn


class clg_class_search(Structure):
    _fields_ = [("layer", c_int), ("classes", c_int), ("target", c_int), ("scores", SCORES_FN),
                ("scores_user", c_void_p), ("n", c_int), ("maps_max", c_int), ("seed", c_uint64), ("first", c_uint64),
                ("progress", PROGRESS_FN), ("user", c_void_p)]


class clg_map_effect(Structure):
    _fields_ = [("map", c_int), ("drop", c_double)]


class clg_class_score(Structure):
    _fields_ = [("mean", c_double), ("share", c_double)]


class clg_class_maps(Structure):
    _fields_ = [("n", c_int), ("effects", POINTER(clg_map_effect)), ("samples", c_int), ("checks", c_int),
                ("z", POINTER(c_float)), ("before", clg_class_score), ("with_all", clg_class_score),
                ("without", clg_class_score), ("without_others", clg_class_score)]


class clg_memorisation_params(Structure):
    _fields_ = [("pictures", c_void_p), ("values", POINTER(c_float)), ("values_n", c_int), ("pixels", c_bool),
                ("features", c_bool), ("flip", c_bool), ("k", c_int), ("progress", PROGRESS_FN), ("user", c_void_p)]


class clg_neighbours(Structure):
    _fields_ = [("index", POINTER(c_int)), ("mirrored", POINTER(c_bool)), ("distance", POINTER(c_float)),
                ("smallest", c_double), ("median", c_double), ("near", c_double), ("nearer", c_int)]


class clg_memorisation(Structure):
    _fields_ = [("samples", c_int), ("training", c_int), ("k", c_int), ("scale", c_int), ("pixels", clg_neighbours),
                ("features", clg_neighbours)]


class clg_primer_step(Structure):
    _fields_ = [("name", c_char_p), ("text", c_char_p), ("kind", c_int), ("input", c_int), ("kernel", c_int),
                ("stride", c_int), ("pad", c_int), ("weights", POINTER(c_float)), ("divisor", c_float),
                ("view", c_int), ("compare", c_bool)]


class clg_primer_output(Structure):
    _fields_ = [("shape", clg_shape), ("values", POINTER(c_float)), ("min", c_float), ("max", c_float),
                ("psnr", c_double), ("report", clg_deconv_report)]


# --- svm.h ---------------------------------------------------------------------------------------
class clg_svm_params(Structure):
    _fields_ = [("c", c_double), ("seed", c_uint64), ("log", clg_log), ("progress", PROGRESS_FN), ("user", c_void_p)]
