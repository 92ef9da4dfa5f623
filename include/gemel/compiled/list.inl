// What gemel::compiled has beside the kernels, for the scalar GEMEL_SCALAR: parts of training that many programs use.
// GEMEL_INSTANCE is `template`, which compiles them, or `extern template`, which leaves them to the linker. A function
// that is defined inside its class is inline, and the compiler still looks at it, so the long ones are defined outside.
//
// None of them may allocate or free an Eigen matrix. How Eigen does that depends on flags such as -mavx, and the
// program may be compiled with others than gemel::compiled.

namespace gemel {

GEMEL_INSTANCE class Pairs<GEMEL_SCALAR>;
GEMEL_INSTANCE struct Batch<GEMEL_SCALAR>;
GEMEL_INSTANCE class SGD<GEMEL_SCALAR>;
GEMEL_INSTANCE class RMSprop<GEMEL_SCALAR>;
GEMEL_INSTANCE class Adam<GEMEL_SCALAR>;
GEMEL_INSTANCE class AnyOptimizer<GEMEL_SCALAR>;
GEMEL_INSTANCE void clip(const Clipping&, std::span<GEMEL_SCALAR>, const std::vector<Index>&);
GEMEL_INSTANCE Roc::Roc(const std::vector<GEMEL_SCALAR>&, const Labels&);

namespace detail {

GEMEL_INSTANCE struct BatchMemory<GEMEL_SCALAR>;

// Networks of Dense layers with ReLU.
GEMEL_INSTANCE class SizedNetwork<GEMEL_SCALAR, Dense<Dynamic, Dynamic, ReLU>>;
GEMEL_INSTANCE class ForwardPass<ReLUNetwork<GEMEL_SCALAR>, Euclidean>;
GEMEL_INSTANCE class BackwardPass<ReLUNetwork<GEMEL_SCALAR>, Euclidean>;
GEMEL_INSTANCE class ParameterUpdate<ReLUNetwork<GEMEL_SCALAR>, SGD<GEMEL_SCALAR>>;
GEMEL_INSTANCE class ParameterUpdate<ReLUNetwork<GEMEL_SCALAR>, RMSprop<GEMEL_SCALAR>>;
GEMEL_INSTANCE class ParameterUpdate<ReLUNetwork<GEMEL_SCALAR>, Adam<GEMEL_SCALAR>>;
GEMEL_INSTANCE BatchMemory<GEMEL_SCALAR>::BatchMemory(const ReLUNetwork<GEMEL_SCALAR>&, std::uint64_t);
GEMEL_INSTANCE void BatchMemory<GEMEL_SCALAR>::load(const ReLUNetwork<GEMEL_SCALAR>&, const Pairs<GEMEL_SCALAR>&, Index,
                                                    const Place&, Index);
GEMEL_INSTANCE void ForwardPass<ReLUNetwork<GEMEL_SCALAR>, Euclidean>::embed(const Pairs<GEMEL_SCALAR>&, Index, Index,
                                                                             bool) const;
GEMEL_INSTANCE double ForwardPass<ReLUNetwork<GEMEL_SCALAR>, Euclidean>::evaluate_loss(const ContrastiveLoss&) const;

// AnyModel with AnyOptimizer, AnyLoss and AnyPairSource.
GEMEL_INSTANCE class ForwardPass<AnyNetworkView<GEMEL_SCALAR>, AnyDistance>;
GEMEL_INSTANCE class BackwardPass<AnyNetworkView<GEMEL_SCALAR>, AnyDistance>;
GEMEL_INSTANCE class ParameterUpdate<AnyNetworkView<GEMEL_SCALAR>, AnyOptimizer<GEMEL_SCALAR>>;
GEMEL_INSTANCE BatchMemory<GEMEL_SCALAR>::BatchMemory(const AnyNetworkView<GEMEL_SCALAR>&, std::uint64_t);
GEMEL_INSTANCE void BatchMemory<GEMEL_SCALAR>::load(const AnyNetworkView<GEMEL_SCALAR>&,
                                                    const AnyPairSource<GEMEL_SCALAR>&, Index, const Place&, Index);
GEMEL_INSTANCE void ForwardPass<AnyNetworkView<GEMEL_SCALAR>, AnyDistance>::embed(const AnyPairSource<GEMEL_SCALAR>&,
                                                                                  Index, Index, bool) const;
GEMEL_INSTANCE double ForwardPass<AnyNetworkView<GEMEL_SCALAR>, AnyDistance>::evaluate_loss(const AnyLoss&) const;

}  // namespace detail

}  // namespace gemel
