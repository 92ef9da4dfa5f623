#include <algorithm>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "../../../examples/signature_verification/dtw.hpp"
#include "../../../examples/signature_verification/features.hpp"
#include "../../../examples/signature_verification/protocol.hpp"
#include "../../../examples/signature_verification/relative.hpp"
#include "../../../examples/signature_verification/sample.hpp"
#include "../../../examples/signature_verification/svc2004.hpp"
#include "../../../examples/signature_verification/warp.hpp"
#include "catch.hpp"
#include "error_text.hpp"
#include "mentions.hpp"
#include "near.hpp"

namespace {

namespace sv = signature_verification;
using gemel::Index;
using gemel::test::near;

/// A loop that a pen writes in two seconds.
sv::Signature loop(double pressure = 500) {
  sv::Signature signature;
  for (int i = 0; i < 100; ++i) {
    const double t = i / 99.0;
    signature.push_back({.x = 1000 * t + 300 * std::sin(9 * t),
                         .y = 400 * std::cos(11 * t),
                         .time = 2 * t,
                         .pressure = i == 50 ? 0 : pressure + 100 * std::sin(5 * t),
                         .azimuth = 1500,
                         .altitude = 600,
                         .is_down = i != 50});
  }
  return signature;
}

}  // namespace

TEST_CASE("a signature of SVC2004 is read, and a clock that was set back by some milliseconds is no error") {
  const sv::Signature signature =
      sv::parse_svc2004("3\r\n10 20 1000 0 1500 600 7\n11 22 1010 1 1500 600 0\n12 23 1004 1 1510 610 9\n\n", "a.TXT");
  REQUIRE(signature.size() == 3);
  CHECK(signature[1].x == 11);
  CHECK(signature[1].y == 22);
  CHECK(signature[0].is_down);  // it presses, whatever the button says
  CHECK_FALSE(signature[1].is_down);
  CHECK(signature[1].time == 1.01);
  CHECK(signature[2].time == 1.01);
  CHECK(signature[2].azimuth == 1510);
  CHECK(signature[2].altitude == 610);
  CHECK(signature[2].pressure == 9);
}

TEST_CASE("what is no signature of SVC2004 is refused, with the line") {
  const auto refused = [](const std::string& text) {
    return error_text<gemel::FormatError>([&] { sv::parse_svc2004(text, "a.TXT"); });
  };
  const std::string point = "1 1 0 1 0 0 5\n";
  CHECK(mentions(refused(""), "a.TXT, line 1"));
  CHECK(mentions(refused("x\n"), "no whole number for the number of points"));
  CHECK(mentions(refused("1\n" + point), "not from 2 to"));
  CHECK(mentions(refused("999999999\n" + point), "not from 2 to"));
  CHECK(mentions(refused("2\n" + point), "fewer points"));
  CHECK(mentions(refused("2\n" + point + "2 2 5 1 0 0\n"), "line 3"));
  CHECK(mentions(refused("2\n" + point + "2 2 5 1 0 0 6 7\n"), "goes on after its last number"));
  CHECK(mentions(refused("2\n" + point + "2 2 5 1 0 0 1.5\n"), "the pressure"));
  CHECK(mentions(refused("2\n" + point + "2 2 5 1 0 0 -5\n"), "below 0"));
  CHECK(mentions(refused("2\n" + point + "2 2 5 1 0 0 6\n3 3 6 1 0 0 6\n"), "more points"));
  CHECK(mentions(refused("2\n1 1 900 1 0 0 5\n2 2 5 1 0 0 6\n"), "time runs backwards"));
  CHECK(mentions(refused("2\n" + point + "1 1 5 1 0 0 6\n"), "does not move"));
  CHECK(mentions(refused("2\n" + point + "2 2 0 1 0 0 6\n"), "does not move"));
}

TEST_CASE("the warped distance is the cheapest way through the distances of the points") {
  const std::vector<float> a = {0, 1, 5}, b = {0, 5, 5};
  // (0, 0), (1, 0), (2, 1), (2, 2): 0 + 1 + 2 * 0 + 0 = 1, over 2 * 3.
  CHECK(near(sv::warped_distance(a, b, 1, 0, 1, 3), 1.0 / 6));
  CHECK(near(sv::warped_distance(b, a, 1, 0, 1, 3), 1.0 / 6));
  CHECK(sv::warped_distance(a, a, 1, 0, 1, 3) == 0);
  // Without room to warp, only (0, 0), (1, 1), (2, 2) is left: 2 * 4 over 6.
  CHECK(near(sv::warped_distance(a, b, 1, 0, 1, 0), 8.0 / 6));
  // Of two channels, only the second is compared.
  const std::vector<float> two = {9, 0, 9, 1, 9, 5}, other = {3, 0, 3, 5, 3, 5};
  CHECK(near(sv::warped_distance(two, other, 2, 1, 1, 3), 1.0 / 6));
  CHECK(near(sv::warped_distance(two, other, 2, 0, 1, 3), 6.0));
}

TEST_CASE("features do not depend on where and when a signature was written, and warped copies stay near") {
  sv::Signature moved = loop();
  for (sv::Point& point : moved) point.x += 5000, point.y -= 300, point.time += 77;
  const gemel::VectorX<float> features = sv::feature_column(loop()), others = sv::feature_column(moved);
  REQUIRE(features.size() == others.size());
  for (Index i = 0; i < features.size(); ++i) {
    INFO("feature " << i);
    CHECK(std::isfinite(features[i]));
    CHECK(near(others[i], features[i]));
  }
  gemel::Rng rng{1};
  const gemel::VectorX<float> sample = sv::sample_column(loop()), copy = sv::sample_column(sv::warped(loop(), rng));
  sv::Signature mirrored = loop();
  for (sv::Point& point : mirrored) point.x = -point.x;
  const gemel::VectorX<float> mirror = sv::sample_column(mirrored);
  const auto curves = [&](const gemel::VectorX<float>& of) { return of.data() + of.size() - sv::curve_values; };
  for (std::size_t set = 0; set < 2; ++set) {
    CHECK(sv::warped_distances(curves(sample), curves(copy))[set] <
          sv::warped_distances(curves(sample), curves(mirror))[set]);
  }
}

TEST_CASE("relative inputs say how far a query is from the templates, in units of what is usual") {
  gemel::MatrixX<float> templates(2, 2);
  templates << 1, 3, 10, 10;
  const gemel::VectorX<float> query{{4, 12}};
  const gemel::VectorX<double> within{{1, 4}};
  const sv::Warping warping{.spread = {1, 2, 4}, .mean = {2, 2, 1}, .least = {1, 1e-9, 1e9}};
  const gemel::VectorX<double> inputs = sv::relative_inputs(templates, query, within, warping);
  REQUIRE(inputs.size() == sv::relative_size(2));
  CHECK(near(inputs[0], (4 - 2) / std::sqrt(0.3 * 2 + 0.7 * 1)));
  CHECK(near(inputs[1], (12 - 10) / std::sqrt(0.3 * 0 + 0.7 * 4)));
  CHECK(near(inputs[2], inputs[0]));
  CHECK(near(inputs[4], std::log(2)));
  CHECK(inputs[7] == 0);
  CHECK(inputs[8] == -1);  // a copy of a template is no farther from what is usual than this
  CHECK(inputs[9] == 2);
  CHECK(inputs[10] == 0);
  CHECK(near(sv::untrained_score(inputs), 2 / std::sqrt(2)));
}

TEST_CASE("folds have each signer once, and no signature is a template and a query") {
  gemel::Rng rng{3};
  const sv::Folds folds = sv::draw_folds(11, rng);
  std::set<Index> signers;
  for (std::size_t f = 0; f < folds.size(); ++f) {
    signers.insert(folds[f].begin(), folds[f].end());
    CHECK(folds[f].size() + sv::beside(folds, f).size() == 11);
    for (const sv::Protocol protocol :
         {sv::Protocol::Known, sv::Protocol::KnownValidation, sv::Protocol::Unknown, sv::Protocol::Competition}) {
      for (const sv::Claimed& claimed : sv::claims_against(folds[f], protocol, rng)) {
        for (const auto* queries : {&claimed.genuine, &claimed.skilled, &claimed.random}) {
          for (const Index query : *queries) {
            CHECK(std::ranges::find(claimed.templates, query) == claimed.templates.end());
            CHECK((sv::Data::signer_of(query) == claimed.signer) == (queries != &claimed.random));
            CHECK(sv::Data::is_forged(query) == (queries == &claimed.skilled));
          }
        }
      }
    }
  }
  CHECK(signers.size() == 11);
}
