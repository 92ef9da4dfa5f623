#pragma once

namespace program {

/// Of the samples of strangers, at most this share is to be identified as someone (false positive identification rate),
/// unless `verify identify --fpir` asks for another. With 1 %, a single one of the hundred or so validation samples
/// that small data has would decide the threshold.
inline constexpr double standard_fpir = 0.02;

}  // namespace program
