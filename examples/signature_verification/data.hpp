#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "gemel/core/types.hpp"
#include "sample.hpp"
#include "svc2004.hpp"

namespace signature_verification {

/// All signatures, and their samples. Signature `number(s, k)` is the one with index k of signer s; both count from 0.
struct Data {
  Signatures signatures;
  gemel::MatrixX<float> samples;  ///< features and channels x n (sample.hpp)

  static constexpr Index each = static_cast<Index>(Signatures::genuine + Signatures::forged);  ///< of a signer

  explicit Data(Signatures from) : signatures(std::move(from)) {
    for (Index s = 0; s < signers(); ++s) {
      for (Index k = 0; k < each; ++k) {
        const gemel::VectorX<float> sample = sample_column(signature(number(s, k)));
        if (samples.size() == 0) samples.resize(sample.size(), signers() * each);
        samples.col(number(s, k)) = sample;
      }
    }
  }

  Index signers() const { return gemel::length(signatures.signers); }
  Index features() const { return samples.rows() - curve_values; }
  static Index number(Index signer, Index k) { return signer * each + k; }
  static Index signer_of(Index number) { return number / each; }
  static bool is_forged(Index number) { return number % each >= static_cast<Index>(Signatures::genuine); }

  const Signature& signature(Index i) const {
    return signatures.signers[static_cast<std::size_t>(i / each)].signatures[static_cast<std::size_t>(i % each)];
  }
  /// As in the names of files: "U3".
  std::string signer_name(Index signer) const {
    return "U" + std::to_string(signatures.signers[static_cast<std::size_t>(signer)].number);
  }
  /// "U3S21", signature 21 of signer 3.
  std::string name(Index i) const { return signer_name(signer_of(i)) + "S" + std::to_string(i % each + 1); }
};

}  // namespace signature_verification
