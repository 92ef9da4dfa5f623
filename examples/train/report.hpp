#pragma once

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "../program/curve_pictures.hpp"
#include "../program/embedding_picture.hpp"
#include "../program/interrupt.hpp"
#include "../program/loss_picture.hpp"
#include "../program/measured.hpp"
#include "../program/picture.hpp"
#include "../program/report.hpp"
#include "gemel/callback/history.hpp"
#include "gemel/metrics/curve_band.hpp"

namespace train {

/// Draws the pictures of the training, of the measured network and of the embedded test samples, whose title all of
/// them have. Throws what program::draw_report throws.
inline void draw_report(const std::filesystem::path& folder, const gemel::History& history,
                        const program::Measured& network, const program::Embedded& embedded, std::ostream& out) {
  const program::Interrupt::Patience patience;
  const program::Curves curves{network, embedded.title};
  const gemel::CurveBand band = band_of(curves, patience.flag());
  const std::vector<program::Picture> pictures = {program::loss_picture(history, embedded.title),
                                                  distances_picture(curves), roc_picture(curves, band),
                                                  det_picture(curves, band), embedding_picture(embedded)};
  program::draw_report(folder, pictures, patience, out);
}

}  // namespace train
