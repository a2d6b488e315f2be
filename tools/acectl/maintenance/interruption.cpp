// SPDX-License-Identifier: MIT
#include "interruption.hpp"

namespace acefs::tool::acectl {

namespace {

volatile std::sig_atomic_t g_asked = 0;

void ask(int) { g_asked = 1; }

}  // namespace

Interruption::Interruption() {
  g_asked = 0;
  struct sigaction action {};
  action.sa_handler = ask;
  action.sa_flags = SA_RESTART;  // a write in the middle of a node is finished
  ::sigaction(SIGINT, &action, &on_int_);
  ::sigaction(SIGTERM, &action, &on_term_);
}

Interruption::~Interruption() {
  ::sigaction(SIGINT, &on_int_, nullptr);
  ::sigaction(SIGTERM, &on_term_, nullptr);
}

bool Interruption::asked() const { return g_asked != 0; }

}  // namespace acefs::tool::acectl
