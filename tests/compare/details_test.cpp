#include "compare/details.h"

#include <gtest/gtest.h>

namespace duelio::compare {
namespace {

TEST(Details, LeaveOutWhatNamesThePlace) {
  EXPECT_EQ(without_places("BOOT_IMAGE=/boot/vmlinuz-6.1 root=UUID=1b-2c ro quiet mitigations=off"),
            "BOOT_IMAGE=... root=... ro quiet mitigations=off");
  EXPECT_EQ(without_places("ip=10.0.0.1::10.0.0.254 nfs=server:/x systemd.hostname=alpha"),
            "ip=... nfs=... systemd.hostname=...");
  EXPECT_EQ(without_places("nameserver=9.9.9.9 root=sda1 user=me@there"),
            "nameserver=... root=... user=...");
  EXPECT_EQ(without_places("isolcpus=1-3 nohz_full=1-3 clocksource=tsc panic=1"),
            "isolcpus=1-3 nohz_full=1-3 clocksource=tsc panic=1");
  EXPECT_EQ(without_places("quiet -- --address 10.0.0.1:80"), "quiet");
  EXPECT_EQ(without_places(""), "");
}

TEST(Details, QuoteWhatTheConfigurationSays) {
  const std::string options = kernel_options(
      "\nCONFIG_HZ_250=y\nCONFIG_HZ=250\n# CONFIG_IRQ_TIME_ACCOUNTING is not set\n"
      "CONFIG_PREEMPT_DYNAMIC=y\n");
  EXPECT_NE(options.find("HZ=250, "), std::string::npos) << options;
  EXPECT_NE(options.find("IRQ_TIME_ACCOUNTING=n"), std::string::npos) << options;
  EXPECT_NE(options.find("PREEMPT_DYNAMIC=y"), std::string::npos) << options;
  EXPECT_NE(options.find("PREEMPT=n"), std::string::npos) << options;
  EXPECT_EQ(kernel_options(""), "");
}

TEST(Details, AreOfThisMachine) {
  const results::Details details = describe_details();
  EXPECT_NE(details.kind.find(" CPUs, Linux "), std::string::npos) << details.kind;
  EXPECT_NE(details.cpu_model.find("family"), std::string::npos) << details.cpu_model;
  EXPECT_TRUE(details.libc.starts_with("glibc 2.")) << details.libc;
  EXPECT_FALSE(details.congestion_control.empty());
  EXPECT_GE(details.nodes, 1U);
}

}  // namespace
}  // namespace duelio::compare
