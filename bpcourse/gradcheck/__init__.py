from bpcourse.gradcheck.check import check_gradient as check_gradient
