#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gemel/core/choice.hpp"
#include "gemel/core/columns.hpp"
#include "gemel/core/error.hpp"
#include "gemel/core/team.hpp"
#include "gemel/core/types.hpp"
#include "gemel/verification/claim_verifier.hpp"
#include "gemel/verification/distances.hpp"
#include "gemel/verification/embedder.hpp"
#include "gemel/verification/identification.hpp"
#include "gemel/verification/nearest.hpp"
#include "gemel/verification/scorer.hpp"
#include "gemel/verification/template.hpp"

namespace gemel {

/// Whom a sample was found to be of.
struct Identified {
  /// The number of no one.
  static constexpr Index unknown = -1;

  Index person = unknown;   ///< The number of the person in the gallery, or `unknown`.
  Index nearest = unknown;  ///< The person with the lowest score, known or not; `unknown` if the gallery is empty.
  double score = std::numeric_limits<double>::infinity();  ///< That person's score; infinity if the gallery is empty.
};

/// Persons who are enrolled by name, and found again: verifies a claim to be one of them, and identifies whom a sample
/// is of, or that it is of no one in the gallery.
///
///   Gallery gallery{verifier, calibrate_identification(trials, {.fpir = 0.01})};
///   gallery.add("Ada", samples_of_ada);                       // features x 5
///   gallery.accepts("Ada", sample);                           // a claim
///   const Identified found = gallery.identify(sample);
///   if (found.person != Identified::unknown) std::cout << gallery.name(found.person);
///
/// It owns the ClaimVerifier, whose model made all templates, so that they never meet another model. `save` and `load`
/// keep it in a file together with the model (io/model_file.hpp). Persons are numbered in the order in which they were
/// added. Members that are const may be called by any number of threads.
///
/// The memory is that of the embeddings, of a centroid per person, and of the names. Identification is a search for the
/// nearest embedding (verification/nearest.hpp) where that gives the same result: with MinimumScore, with
/// CentroidScore, and if every person has one sample, each without division by the spread. Otherwise it scores person
/// by person.
template <class Model, class Scorer = MeanScore>
class Gallery {
 public:
  using Scalar = typename Model::Scalar;             ///< float or double
  using Sample = Eigen::Ref<const MatrixX<Scalar>>;  ///< one column: a VectorX, a features x 1 matrix, or a column

  /// An empty gallery. Without an identification, `identify` throws until calibrate_identification has given one.
  explicit Gallery(ClaimVerifier<Model, Scorer> verifier, IdentificationCalibration identification = {})
      : verifier_(std::move(verifier)), identification_(std::move(identification)) {}

  /// Adds a person, or replaces a person of that name, who keeps the number. Returns how many samples it replaced. The
  /// gallery stays as it was if anything is thrown: ValueError if the name is empty or has a zero byte, and what
  /// ClaimVerifier::enrol throws.
  Index add(std::string name, const Eigen::Ref<const MatrixX<Scalar>>& samples) {
    return add(std::move(name), verifier_.enrol(samples));
  }
  /// As above, with a template that this gallery's verifier, or a copy of it, has made. Throws ValueError also if
  /// another one has.
  Index add(std::string name, const Template<Scalar>& person) {
    if (name.empty() || name.find('\0') != name.npos) {
      throw ValueError("a person's name needs at least one character, and no zero byte");
    }
    if (!verifier_.made(person)) {
      throw ValueError("the template was made by another ClaimVerifier: enrol the person with the gallery's verifier");
    }
    if (size() > 0 && person.embeddings().rows() != out_) {
      throw ShapeError({"the template's embeddings have ", person.embeddings().rows(), " elements, but those of the ",
                        "gallery have ", out_});
    }
    const std::optional<Index> before = find(name);
    if (before) return replace(*before, person);
    append(std::move(name), person);
    return 0;
  }

  /// Removes a person; those who follow move up by one number. Returns false if there is no person of that name.
  bool remove(std::string_view name) {
    const std::optional<Index> found = find(name);
    if (!found) return false;
    const Index p = *found;
    erase(embeddings_, begins_[at(p)] * out_, begins_[at(p) + 1] * out_);
    erase(centroids_, p * out_, (p + 1) * out_);
    const Index samples = begins_[at(p) + 1] - begins_[at(p)];
    erase(begins_, p + 1, p + 2);
    for (std::size_t i = at(p) + 1; i < begins_.size(); ++i) begins_[i] -= samples;
    erase(spreads_, p, p + 1);
    erase(thresholds_, p, p + 1);
    numbers_.erase(numbers_.find(name));
    for (auto& entry : numbers_) entry.second -= entry.second > p;
    erase(names_, p, p + 1);
    return true;
  }

  Index size() const { return length(names_); }     ///< The number of persons.
  Index samples() const { return begins_.back(); }  ///< The number of all their samples.
  /// The persons' names, by number.
  const std::vector<std::string>& names() const { return names_; }
  /// The name of a person. Throws ValueError if there is no such number.
  const std::string& name(Index person) const {
    check_number(person);
    return names_[at(person)];
  }
  /// The number of the person of that name, or nothing.
  std::optional<Index> find(std::string_view name) const {
    const auto found = numbers_.find(name);
    return found == numbers_.end() ? std::nullopt : std::optional(found->second);
  }
  /// A copy of the template of a person. Throws ValueError if there is no such number.
  Template<Scalar> person(Index number) const {
    check_number(number);
    Template<Scalar> copy = verifier_.remake(enrolled(number).embeddings, spreads_[at(number)]);
    const double threshold = thresholds_[at(number)];
    return std::isnan(threshold) ? copy : copy.with_threshold(threshold);
  }

  /// @{
  /// Whether the claim of a sample (features x 1) to be of the person of this name is accepted, and its score. Throws
  /// ValueError if there is no person of that name, and what ClaimVerifier::score throws.
  bool accepts(std::string_view name, const Sample& sample) const {
    const Index p = number_of(name);
    const double own = thresholds_[at(p)];
    return verifier_.score(enrolled(p), sample) <= (std::isnan(own) ? verifier_.calibration().threshold : own);
  }
  double score(std::string_view name, const Sample& sample) const {
    return verifier_.score(enrolled(number_of(name)), sample);
  }
  /// @}

  /// Whom the sample (features x 1) is of: the person with the lowest score, if that is at most the threshold for this
  /// gallery's size. Of persons with equal scores, the one with the lower number is nearer. Throws ValueError if the
  /// identification is not calibrated for a gallery of this size; ShapeError if it is not one sample with as many
  /// features as the model takes; NonFiniteError if a feature, the embedding or a score is NaN or infinite.
  Identified identify(const Sample& sample) const {
    if (sample.cols() != 1) {
      throw ShapeError({"one sample (features x 1) is identified, but this is ", sample.rows(), " x ", sample.cols()});
    }
    return identify_all(sample).front();
  }
  /// The same of n samples (features x n), one result each. `threads` is the maximum number of threads; 0 stands for
  /// the number of usable processors. No result depends on it. Throws like `identify`, where `place().sample` is the
  /// column.
  std::vector<Identified> identify_all(const Eigen::Ref<const MatrixX<Scalar>>& samples, Index threads = 1) const {
    const Index used = checked_threads(threads);
    const double threshold =
        size() == 0 ? -std::numeric_limits<double>::infinity() : identification_.at(size()).threshold;
    std::vector<Identified> found = nearest_persons(verifier_.embed(samples), used);
    for (Identified& one : found) {
      if (one.score <= threshold) one.person = one.nearest;
    }
    return found;
  }

  /// The verifier, with the threshold for claims.
  const ClaimVerifier<Model, Scorer>& verifier() const { return verifier_; }
  /// The thresholds of identification.
  const IdentificationCalibration& identification() const { return identification_; }
  /// Replaces the threshold for claims. Throws ValueError if it is NaN.
  void calibrate_claims(Calibration calibration) { verifier_ = verifier_.with(std::move(calibration)); }
  /// Replaces the thresholds of identification.
  void calibrate_identification(IdentificationCalibration identification) {
    identification_ = std::move(identification);
  }

 private:
  static std::size_t at(Index i) { return static_cast<std::size_t>(i); }
  template <class T>
  static void erase(std::vector<T>& list, Index first, Index last) {
    list.erase(list.begin() + first, list.begin() + last);
  }

  /// A hash for look-ups by std::string_view.
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  void check_number(Index person) const {
    if (person >= 0 && person < size()) return;
    throw ValueError({"there is no person ", person, ": the gallery has ", size(), ", numbered from 0"});
  }
  Index number_of(std::string_view name) const {
    const std::optional<Index> found = find(name);
    if (!found) throw ValueError({"no person of the name '", std::string(name), "' is enrolled"});
    return *found;
  }
  Enrolled<Scalar> enrolled(Index p) const {
    const Index first = begins_[at(p)];
    return {{embeddings_.data() + first * out_, out_, begins_[at(p) + 1] - first},
            {centroids_.data() + p * out_, out_},
            spreads_[at(p)]};
  }

  void append(std::string name, const Template<Scalar>& person) {
    // Memory is reserved first, so that nothing is thrown once a list has changed.
    const Index out = person.embeddings().rows();
    const auto grow = [](auto& list, Index more) {
      const std::size_t needed = list.size() + at(more);
      if (needed > list.capacity()) list.reserve(std::max(needed, 2 * list.capacity()));
    };
    grow(embeddings_, person.embeddings().size());
    grow(centroids_, out);
    grow(begins_, 1);
    grow(spreads_, 1);
    grow(thresholds_, 1);
    grow(names_, 1);
    numbers_.emplace(name, size());
    out_ = out;
    names_.push_back(std::move(name));
    const MatrixX<Scalar>& embeddings = person.embeddings();
    embeddings_.insert(embeddings_.end(), embeddings.data(), embeddings.data() + embeddings.size());
    const ConstColumn<Scalar> centroid = person.enrolled().centroid;
    centroids_.insert(centroids_.end(), centroid.data(), centroid.data() + centroid.size());
    begins_.push_back(begins_.back() + person.size());
    spreads_.push_back(person.spread());
    thresholds_.push_back(person.threshold().value_or(std::numeric_limits<double>::quiet_NaN()));
  }

  Index replace(Index p, const Template<Scalar>& person) {
    const MatrixX<Scalar>& embeddings = person.embeddings();
    const Index before = begins_[at(p) + 1] - begins_[at(p)], more = person.size() - before;
    std::vector<Scalar> all;
    all.reserve(embeddings_.size() + at(embeddings.size()));
    all.insert(all.end(), embeddings_.begin(), embeddings_.begin() + begins_[at(p)] * out_);
    all.insert(all.end(), embeddings.data(), embeddings.data() + embeddings.size());
    all.insert(all.end(), embeddings_.begin() + begins_[at(p) + 1] * out_, embeddings_.end());
    embeddings_.swap(all);
    const ConstColumn<Scalar> centroid = person.enrolled().centroid;
    std::copy(centroid.data(), centroid.data() + out_, centroids_.begin() + p * out_);
    for (std::size_t i = at(p) + 1; i < begins_.size(); ++i) begins_[i] += more;
    spreads_[at(p)] = person.spread();
    thresholds_[at(p)] = person.threshold().value_or(std::numeric_limits<double>::quiet_NaN());
    return before;
  }

  /// Whether the scores are the distances from single columns of a matrix: of the centroids, or of all embeddings.
  enum class Search { Centroids, Embeddings, None };
  Search search() const {
    if (detail::power_of(verifier_.scorer()) != 0) return Search::None;
    const bool single = samples() == size();
    return detail::visit_choice(verifier_.scorer(), [single](const auto& chosen) {
      using Chosen = std::remove_cvref_t<decltype(chosen)>;
      if (std::is_same_v<Chosen, CentroidScore>) return Search::Centroids;
      if (std::is_same_v<Chosen, MinimumScore>) return Search::Embeddings;
      return std::is_same_v<Chosen, MeanScore> && single ? Search::Embeddings : Search::None;
    });
  }

  /// The nearest person of each embedding (out x n), not compared with a threshold.
  std::vector<Identified> nearest_persons(const MatrixX<Scalar>& queries, Index threads) const {
    std::vector<Identified> found(at(queries.cols()));
    if (size() == 0 || found.empty()) return found;
    const Search by = search();
    if (by == Search::None) {
      score_all(queries, threads, found);
      return found;
    }
    const std::vector<Scalar>& columns = by == Search::Centroids ? centroids_ : embeddings_;
    const ConstColumns<Scalar> gallery(columns.data(), out_, length(columns) / out_);
    const Nearest<Scalar> nearest =
        gemel::nearest(queries, gallery, {.k = 1, .threads = threads}, verifier_.model().metric());
    for (Index j = 0; j < queries.cols(); ++j) {
      const Index column = nearest.samples(0, j);
      const Index person = by == Search::Centroids || samples() == size()
                               ? column
                               : std::upper_bound(begins_.begin(), begins_.end(), column) - begins_.begin() - 1;
      found[at(j)] = {Identified::unknown, person, static_cast<double>(nearest.distances(0, j))};
    }
    return found;
  }

  /// Scores every query with every person; each thread takes a part of the persons.
  void score_all(const MatrixX<Scalar>& queries, Index threads, std::vector<Identified>& found) const {
    Team team{std::min(threads, size())};
    std::vector<std::vector<Identified>> parts(at(team.size()), found);
    team.run([&](Index member) {
      std::vector<Identified>& best = parts[at(member)];
      const detail::Range range = detail::share(size(), member, team.size());
      for (Index p = range.first; p < range.last; ++p) {
        const Enrolled<Scalar> person = enrolled(p);
        for (Index j = 0; j < queries.cols(); ++j) {
          const double score = detail::score_query(verifier_.scorer(), verifier_.model().metric(), person,
                                                   ConstColumn<Scalar>{queries.data() + j * out_, out_});
          if (!std::isfinite(score)) {
            throw NonFiniteError({"the score for person ", p, " is not finite: look for huge features"}, {.sample = j});
          }
          if (score < best[at(j)].score) best[at(j)] = {Identified::unknown, p, score};
        }
      }
    });
    for (const std::vector<Identified>& part : parts) {
      for (std::size_t j = 0; j < found.size(); ++j) {
        if (part[j].score < found[j].score) found[j] = part[j];
      }
    }
  }

  ClaimVerifier<Model, Scorer> verifier_;
  IdentificationCalibration identification_;
  Index out_ = 0;                        // the size of an embedding, once there is one
  std::vector<std::string> names_ = {};  // of each person
  std::unordered_map<std::string, Index, Hash, std::equal_to<>> numbers_ = {};
  std::vector<Index> begins_ = {0};      // person p has the samples begins_[p], …, begins_[p + 1] - 1
  std::vector<Scalar> embeddings_ = {};  // out_ x samples()
  std::vector<Scalar> centroids_ = {};   // out_ x size()
  std::vector<double> spreads_ = {};
  std::vector<double> thresholds_ = {};  // NaN: none of its own
};

}  // namespace gemel
