#pragma once

#include <utility>

#include "gemel/core/types.hpp"
#include "gemel/network/workspace.hpp"

namespace gemel::detail {

/// Borrows the calling thread's workspace for the duration of a call: it is moved out of a thread_local object and
/// back. If a model calls another Verifier while it embeds, that call therefore gets a new workspace instead of
/// overwriting this one. So does a call after the thread_local object is destroyed, for example from the destructor of
/// a static object.
template <Scalar S>
class BorrowedWorkspace {
 public:
  BorrowedWorkspace() {
    if (!ended()) workspace_ = std::move(kept().workspace);
  }
  BorrowedWorkspace(const BorrowedWorkspace&) = delete;
  BorrowedWorkspace& operator=(const BorrowedWorkspace&) = delete;
  ~BorrowedWorkspace() {
    if (!ended()) kept().workspace = std::move(workspace_);
  }

  Workspace<S>& operator*() { return workspace_; }

 private:
  struct Kept {
    Workspace<S> workspace;
    ~Kept() { ended() = true; }
  };

  static Kept& kept() {
    thread_local Kept kept;
    return kept;
  }
  /// Whether the calling thread's object is destroyed. This is a bool because a bool, which has no destructor, can be
  /// read even then.
  static bool& ended() {
    thread_local bool ended = false;
    return ended;
  }

  Workspace<S> workspace_;
};

}  // namespace gemel::detail
